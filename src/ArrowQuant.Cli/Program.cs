using ArrowQuant.Cli;

using TerminationSignals signals = new();
using StandardStream output = StandardStream.OpenOutput();
using StandardStream error = StandardStream.OpenError();
int exitCode = await CommandLineApp.RunAsync(args, output, error, CommandLineApp.ProcessEnvironment(), signals.Token);
return signals.ExitCodeFor(exitCode);
