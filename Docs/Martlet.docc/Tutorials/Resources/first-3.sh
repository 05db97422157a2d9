$ ./martlet new greeter
greeter: a new application. Run it: ./martlet run greeter
$ ./martlet run ./greeter
Hello from greeter!
$ ./martlet run --on host ./greeter
Hello from greeter!
