using System.Diagnostics;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks;

/// <summary>
/// One large calibrated layer, from files to artefact: <c>layer [order] [samples] [spatial on|off]</c>. Prints seconds, peak memory of the
/// process and the figures, so that speed never stands without its error. Each width runs in a process of its own, as a user's run does.
/// </summary>
internal static class LayerBenchmark
{
    private const int TimeGroups = 10;

    /// <summary>Runs the program.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        string order = args.Length > 0 ? args[0] : "4096";
        string samples = args.Length > 1 ? args[1] : "4096";
        string spatial = args.Length > 2 ? args[2] : "off";
        using var folder = new TempFolder();
        string model = folder.CreateFolder("model");
        await Child("layer-files", model, order, samples);
        Console.WriteLine(
            $"one layer {order} x {order}, {samples} samples, equalization search {spatial}, {Environment.ProcessorCount} processors");
        foreach (string bits in new[] { "2", "4" }) await Child("layer-run", model, folder.PathOf($"out{bits}"), samples, spatial, bits);
        return 0;
    }

    /// <summary>Quantizes the layer once: <c>layer-run MODEL OUT SAMPLES on|off BITS</c>.</summary>
    public static async Task<int> QuantizeAsync(string[] args)
    {
        var config = new DiffusionQuantConfig
        {
            BitWidth = int.Parse(args[4]),
            MinAccuracy = 0,
            EnableSpatial = args[3] == "on",
            NumTimeGroups = TimeGroups,
            CalibrationSamples = int.Parse(args[2]) / TimeGroups + 1,
        };
        long started = Stopwatch.GetTimestamp();
        QuantizationResult result = await new DiffusionQuantizer().QuantizeAsync(args[0], args[1], config);
        LayerReport layer = result.Layers[0];
        Console.WriteLine(
            $"INT{args[4]} {layer.Method}+{layer.Enhancement} {layer.Layout}: {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s, " +
            $"peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB, weight cosine {layer.CosineSimilarity:0.0000}, " +
            $"held-out output error {layer.OutputError:0.0000}");
        return 0;
    }

    private static Task Child(params string[] args) => Process.Start(Environment.ProcessPath!, args).WaitForExitAsync();

    /// <summary>Writes the model and its calibration data: <c>layer-files FOLDER ORDER SAMPLES</c>.</summary>
    public static int WriteFiles(string[] args)
    {
        Write(args[0], int.Parse(args[1]), int.Parse(args[2]));
        return 0;
    }

    // Inputs with a decaying spectrum, as real layers have them: every channel mixes the ones before it.
    private static void Write(string folder, int order, int samples)
    {
        var random = new SeededRandom(1);
        float[] weights = new float[order * order];
        for (int i = 0; i < weights.Length; i++) weights[i] = (float)(random.NextGaussian() * 0.02);
        float[] inputs = new float[samples * order];
        for (int i = 0; i < inputs.Length; i++)
            inputs[i] = (float)random.NextGaussian() + (i % order == 0 ? 0f : 0.9f * inputs[i - 1]);
        float[] timesteps = new float[samples];
        for (int i = 0; i < samples; i++) timesteps[i] = i * 1000L / samples;
        WeightFileWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            new Dictionary<string, (long[] Shape, float[] Values)> { ["block.weight"] = ([order, order], weights) },
            new Dictionary<string, string> { ["modality"] = "image" });
        WeightFileWriter.Write(
            Path.Combine(folder, "calibration.safetensors"),
            new Dictionary<string, (long[] Shape, float[] Values)>
            {
                ["block.input"] = ([samples, order], inputs),
                ["block.timestep"] = ([samples], timesteps),
            });
    }
}
