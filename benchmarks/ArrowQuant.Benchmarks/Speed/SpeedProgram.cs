using System.Runtime.InteropServices;
using System.Text;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>
/// Kernels and the whole tool in one text, with the processor, versions and commit that the figures belong to: <c>all [--out FILE]</c> and
/// the options of <c>kernels</c> and <c>model</c>.
/// </summary>
internal static class SpeedProgram
{
    private const int PeakIterations = 20_000_000;

    /// <summary>Runs the program.</summary>
    public static int Run(string[] args)
    {
        var text = new StringBuilder();
        void Say(string line)
        {
            Console.WriteLine(line);
            text.Append(line).Append('\n');
        }

        Say("# Speed");
        Say("");
        Say($"{Processor()}, {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}, "
            + $"{RuntimeInformation.OSDescription}, commit {Repository.Commit()}. Busy beside the benchmark when it began: {Load()}.");
        double seconds = Crew.Run(1, 1, () => _ => FmaPeak.Run(1, PeakIterations));
        Say($"Peak of one core, measured: {FmaPeak.Flops(1, PeakIterations) / seconds / 1e9:0} GFLOP/s in single precision.");
        Say("");
        Say("## Kernels");
        Say("");
        KernelBenchmark.Run(args, Say);
        Say("");
        Say("## The whole tool");
        Say("");
        ModelBenchmark.Run(args, Say);
        if (Arguments.Value(args, "--out") is { } file) File.WriteAllText(file, text.ToString());
        return 0;
    }

    private static string Processor() => File.Exists("/proc/cpuinfo")
        ? File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("model name", StringComparison.Ordinal)).Split(':')[1].Trim()
        : RuntimeInformation.ProcessArchitecture.ToString();

    private static string Load() => File.Exists("/proc/loadavg") ? $"{File.ReadAllText("/proc/loadavg").Split(' ')[0]} processors" : "unknown";
}
