using ArrowQuant.Cli;

using TerminationSignals signals = new();
int exitCode = await CommandLineApp.RunAsync(args, Console.Out, Console.Error, CommandLineApp.ProcessEnvironment(), signals.Token);
return signals.ExitCodeFor(exitCode);
