using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>
/// The whole tool, compiled ahead as it is shipped, on a generated F16 model, from start to exit, beside a program that only reads and
/// writes the same bytes: <c>model [--gigabytes N] [--rounds N]</c>. Source cached and not cached; rounds interleave all runs; medians.
/// The phases are those that the tool itself measured.
/// </summary>
internal sealed partial class ModelBenchmark : IDisposable
{
    private static readonly string Self = typeof(ModelBenchmark).Assembly.Location;

    private readonly TempFolder _folder = new();
    private readonly string _tool;
    private readonly string _model;
    private readonly long _parameters;
    private readonly long _startMemory;
    private readonly Action<string> _say;

    private ModelBenchmark(double gigabytes, Action<string> say)
    {
        _say = say;
        _tool = ShippedTool.PublishTo(_folder.PathOf("tool"));
        _model = _folder.CreateFolder("model");
        int blocks = ModelFiles.BlocksOf(gigabytes * 1e9);
        ModelFiles.Write(_model, blocks);
        _parameters = ModelFiles.Parameters(blocks);
        ChildRun[] starts = [.. Enumerable.Range(0, 9).Select(_ => ChildRun.Of(_tool, "--version"))];
        _startMemory = starts.Max(run => run.PeakBytes);
        say($"start-up of the tool (--version): {1000 * Median(starts.Select(run => run.Seconds)):0} ms, {_startMemory >> 20} MiB");
        say($"model: {2e-9 * _parameters:0.00} GB of F16, {_parameters / 1e9:0.00} G params");
    }

    private string SourceFile => Path.Combine(_model, "model.safetensors");

    /// <summary>Runs the program.</summary>
    public static int Run(string[] args, Action<string> say)
    {
        double gigabytes = double.Parse(Arguments.Value(args, "--gigabytes") ?? "4", CultureInfo.InvariantCulture);
        int rounds = Arguments.Number(args, "--rounds", 3);
        using var benchmark = new ModelBenchmark(gigabytes, say);
        say("");
        say("| run | threads | source | seconds | G params/s | ratio to copy | peak over start-up, MiB | nmse | bits per weight | phases |");
        say("|---|---|---|---|---|---|---|---|---|---|");
        foreach (int bits in new[] { 8, 4, 2 })
        {
            foreach (int threads in new[] { Environment.ProcessorCount, 1 }.Distinct())
            {
                foreach (bool cold in threads == 1 ? new[] { false } : [false, true]) benchmark.Row(bits, threads, cold, rounds);
            }
        }

        return 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private void Row(int bits, int threads, bool cold, int rounds)
    {
        string output = _folder.PathOf("out");
        string copy = _folder.PathOf("copy");
        List<ChildRun> tool = [];
        List<double> ratios = [];
        List<double> copies = [];
        long bytes = _parameters * bits / 8;
        (double nmse, double bpw) = (0, 0);
        for (int round = 0; round < rounds; round++)
        {
            Prepare(cold, bytes);
            tool.Add(ChildRun.Of(
                _tool, "quantize", _model, "-o", output, "--bit-width", $"{bits}", "--threads", $"{threads}", "--min-accuracy", "0.5",
                "--verbose"));
            bytes = Directory.EnumerateFiles(output).Sum(file => new FileInfo(file).Length);
            using (JsonDocument report = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(output, "report.json"))))
            {
                nmse = report.RootElement.GetProperty("nmse").GetDouble();
                bpw = report.RootElement.GetProperty("bits_per_weight").GetDouble();
            }

            Directory.Delete(output, recursive: true);
            Prepare(cold, bytes);
            copies.Add(ChildRun.Of(Self, "model-copy", SourceFile, copy, $"{bytes}", $"{threads}").Seconds);
            File.Delete(copy);
            ratios.Add(tool[^1].Seconds / copies[^1]);
        }

        ChildRun median = tool.OrderBy(run => run.Seconds).ElementAt(tool.Count / 2);
        long peak = tool.Max(run => run.PeakBytes) - _startMemory;
        string source = cold ? "cold" : "cached";
        _say($"| INT{bits} | {threads} | {source} | {median.Seconds:0.00} (copy {Median(copies):0.00}) | "
            + $"{_parameters / median.Seconds / 1e9:0.000} | {Median(ratios):0.00} | {peak >> 20} | {nmse:0.0e+0} | {bpw:0.00} | "
            + $"{Times().Match(median.Diagnostics).Value} |");
    }

    private void Prepare(bool cold, long written)
    {
        PageCache.Warm(_folder.PathOf("warm"), 2 * written);
        Process.Start("sync").WaitForExit();
        if (cold) PageCache.Forget(SourceFile);
        else PageCache.Load(SourceFile);
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    // The line that --verbose has for the times of a run.
    [GeneratedRegex("planned in .*")]
    private static partial Regex Times();
}
