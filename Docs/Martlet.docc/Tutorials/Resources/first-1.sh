$ ./martlet new greeter
greeter: a new application. Run it: ./martlet run greeter
