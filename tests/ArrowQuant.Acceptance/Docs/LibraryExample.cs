using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Storage;

namespace ArrowQuant.Acceptance.Docs;

/// <summary>The example of the README, between the comments: <see cref="LibraryExampleTests"/> compares the two and runs it.</summary>
internal static class LibraryExample
{
    public static async Task RunAsync(string modelPath, string outputPath)
    {
        // README begins
        DiffusionQuantConfig config = new() { BitWidth = 4, MinAccuracy = 0.99 };
        var result = await new DiffusionQuantizer().QuantizeAsync(modelPath, outputPath, config);
        Console.WriteLine($"INT{result.BitWidth}: accuracy {result.CosineSimilarity:F4}, {result.CompressionRatio:F2} times smaller");

        using ArtefactReader reader = ArtefactReader.Open(outputPath);
        float[] weights = reader.ReadLayer(result.Layers[0].Name);
        Console.WriteLine($"{result.Layers[0].Name}: {weights.Length} weights");
        // README ends
    }
}
