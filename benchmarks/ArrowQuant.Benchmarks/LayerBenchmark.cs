using System.Diagnostics;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks;

/// <summary>
/// One large calibrated layer, from files to artefact: <c>layer [order] [samples] [spatial on|off]</c>. Prints seconds, peak memory of the
/// process and the figures, so that speed never stands without its error.
/// </summary>
internal static class LayerBenchmark
{
    private const int TimeGroups = 10;

    /// <summary>Runs the program.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        int order = args.Length > 0 ? int.Parse(args[0]) : 4096;
        int samples = args.Length > 1 ? int.Parse(args[1]) : 4096;
        bool spatial = args.Length > 2 && args[2] == "on";
        using var folder = new TempFolder();
        string model = folder.CreateFolder("model");

        // The files come from a process of their own, so that the peak memory of this one is that of quantizing.
        await Process.Start(Environment.ProcessPath!, ["layer-files", model, $"{order}", $"{samples}"]).WaitForExitAsync();
        Console.WriteLine($"one layer {order} x {order}, {samples} samples, equalization search {(spatial ? "on" : "off")}, {Environment.ProcessorCount} processors");
        foreach (int bits in new[] { 2, 4 })
        {
            var config = new DiffusionQuantConfig
            {
                BitWidth = bits,
                MinAccuracy = 0,
                EnableSpatial = spatial,
                NumTimeGroups = TimeGroups,
                CalibrationSamples = samples / TimeGroups + 1,
            };
            long started = Stopwatch.GetTimestamp();
            QuantizationResult result = await new DiffusionQuantizer().QuantizeAsync(model, folder.PathOf($"out{bits}"), config);
            LayerReport layer = result.Layers[0];
            Console.WriteLine(
                $"INT{bits} {layer.Method}+{layer.Enhancement} {layer.Layout}: {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s, " +
                $"peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB, weight cosine {layer.CosineSimilarity:0.0000}, " +
                $"held-out output error {layer.OutputError:0.0000}");
        }

        return 0;
    }

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
