$ ./martlet inspect ./greeter
$ ./martlet inspect ./greeter --why TCP
