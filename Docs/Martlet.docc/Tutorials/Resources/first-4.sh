$ ./martlet run -p 7070:70 ./greeter &
$ nc 127.0.0.1 7070
up for 3 s
