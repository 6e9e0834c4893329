using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>
/// The whole tool on a generated F16 model, from start to exit, beside a program that only reads and writes the same bytes:
/// <c>model [--gigabytes N] [--rounds N]</c>. Source cached and not cached; rounds interleave all runs; medians.
/// </summary>
internal static class ModelBenchmark
{
    private const string Tool = "ArrowQuant.Cli.dll";
    private const string Self = "ArrowQuant.Benchmarks.dll";

    /// <summary>Runs the program.</summary>
    public static int Run(string[] args, Action<string> say)
    {
        double gigabytes = double.Parse(Arguments.Value(args, "--gigabytes") ?? "4", CultureInfo.InvariantCulture);
        int rounds = Arguments.Number(args, "--rounds", 3);
        using var folder = new TempFolder();
        string model = folder.CreateFolder("model");
        int blocks = ModelFiles.BlocksOf(gigabytes * 1e9);
        ModelFiles.Write(model, blocks);
        long parameters = ModelFiles.Parameters(blocks);
        ChildRun[] starts = [.. Enumerable.Range(0, 9).Select(_ => ChildRun.Of(Tool, "--version"))];
        long startMemory = starts.Max(run => run.PeakBytes);
        say($"start-up of the tool (--version): {1000 * Median(starts.Select(run => run.Seconds)):0} ms, {startMemory >> 20} MiB");
        say($"model: {2e-9 * parameters:0.00} GB of F16, {parameters / 1e9:0.00} G params");
        say("");
        say("| run | threads | source | seconds | G params/s | ratio to copy | peak over start-up, MiB | nmse | bits per weight |");
        say("|---|---|---|---|---|---|---|---|---|");
        foreach (int bits in new[] { 8, 4, 2 })
        {
            foreach (int threads in new[] { Environment.ProcessorCount, 1 }.Distinct())
            {
                foreach (bool cold in threads == 1 ? new[] { false } : [false, true])
                    Row(folder, model, parameters, bits, threads, cold, rounds, startMemory, say);
            }
        }

        return 0;
    }

    private static void Row(
        TempFolder folder, string model, long parameters, int bits, int threads, bool cold, int rounds, long startMemory,
        Action<string> say)
    {
        string output = folder.PathOf("out");
        string copy = folder.PathOf("copy");
        List<ChildRun> tool = [];
        List<double> ratios = [];
        List<double> copies = [];
        (double nmse, double bpw) = (0, 0);
        for (int round = 0; round < rounds; round++)
        {
            Prepare(model, cold);
            tool.Add(ChildRun.Of(
                Tool, "quantize", model, "-o", output, "--bit-width", $"{bits}", "--threads", $"{threads}", "--min-accuracy", "0.5"));
            long bytes = Directory.EnumerateFiles(output).Sum(file => new FileInfo(file).Length);
            using (JsonDocument report = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(output, "report.json"))))
            {
                nmse = report.RootElement.GetProperty("nmse").GetDouble();
                bpw = report.RootElement.GetProperty("bits_per_weight").GetDouble();
            }

            Directory.Delete(output, recursive: true);
            Prepare(model, cold);
            copies.Add(ChildRun.Of(Self, "model-copy", Path.Combine(model, "model.safetensors"), copy, $"{bytes}", $"{threads}").Seconds);
            File.Delete(copy);
            ratios.Add(tool[^1].Seconds / copies[^1]);
        }

        double seconds = Median(tool.Select(run => run.Seconds));
        long peak = tool.Max(run => run.PeakBytes) - startMemory;
        say($"| INT{bits} | {threads} | {(cold ? "cold" : "cached")} | {seconds:0.00} (copy {Median(copies):0.00}) | {parameters / seconds / 1e9:0.000} | "
            + $"{Median(ratios):0.00} | {peak >> 20} | {nmse:0.0e+0} | {bpw:0.00} |");
    }

    private static void Prepare(string model, bool cold)
    {
        string file = Path.Combine(model, "model.safetensors");
        Process.Start("sync").WaitForExit();
        if (cold) PageCache.Forget(file);
        else PageCache.Load(file);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
