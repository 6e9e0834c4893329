using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using BenchmarkDotNet.Attributes;

namespace ArrowQuant.Benchmarks;

/// <summary>A whole run on the sample image model (10.8 MiB of weights): opening, quantizing, measuring, publishing.</summary>
[MemoryDiagnoser]
public class WholeRunBenchmarks
{
    private readonly string _folder = Directory.CreateTempSubdirectory("arrowquant-benchmark-").FullName;

    /// <summary>The requested width.</summary>
    [Params(2, 4, 8)]
    public int BitWidth { get; set; }

    /// <summary>Quantizes the model.</summary>
    [Benchmark]
    public Task<QuantizationResult> Quantize() => new DiffusionQuantizer().QuantizeAsync(
        Path.Combine(Root(), "samples", "models", "dit-digits"),
        Path.Combine(_folder, "out"),
        new DiffusionQuantConfig { BitWidth = BitWidth },
        new QuantizationRunOptions { Force = true });

    /// <summary>Removes what the runs left.</summary>
    [GlobalCleanup]
    public void Cleanup() => Directory.Delete(_folder, recursive: true);

    // BenchmarkDotNet runs from a folder of its own below the build's.
    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "ArrowQuant.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("run it from a build inside the repository");
    }
}
