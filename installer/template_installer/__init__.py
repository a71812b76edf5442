"""What an assistant's host imports: the enhancer and the invoker protocol, re-exported."""
