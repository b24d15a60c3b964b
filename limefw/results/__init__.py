"""What is done with a finished result: no stage of an explanation needs anything in here."""
