$ ./martlet inspect ./greeter
$ ./martlet inspect ./greeter --why TCP
$ ./martlet build ./greeter -o out
out/greeter.elf
