using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Storage;

namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>Readers of our own artefacts: shards, metadata.json, report.json.</summary>
internal static class ArtefactFuzzTargets
{
    private const string ShardName = "model-00001-of-00001.parquet";

    private static readonly (string Name, long[] Shape)[] Layers = [("a.weight", [4, 64]), ("b.weight", [6, 70]), ("a.bias", [4])];

    /// <summary>Shards of every layout, opened without metadata.json and read to the last value.</summary>
    public static FuzzTarget Shard()
    {
        TempFolder folder = new();
        FuzzSeed[] seeds =
        [
            Of(new DiffusionQuantConfig { BitWidth = 4, GroupSize = 32, Compression = Compression.Zstd }, "image"),
            Of(new DiffusionQuantConfig { BitWidth = 2, GroupSize = 32 }, "text"),
            Of(new DiffusionQuantConfig { BitWidth = 2, GroupSize = 32, Layout = LayoutChoice.Trellis6, Rotation = RotationChoice.Hadamard }, "image"),
            Of(new DiffusionQuantConfig { BitWidth = 8, GroupSize = 64 }, "image"),
        ];
        return new("artefact-shard", folder, ShardName, seeds, path =>
        {
            string shards = Path.GetDirectoryName(path)!;
            using (ArtefactReader reader = ArtefactReader.Open(shards)) ReadAll(reader);
            ModelFuzzTargets.ReadModel(shards);
        });

        static FuzzSeed Of(DiffusionQuantConfig config, string modality)
        {
            using TempFolder made = new();
            Quantize(made, config, modality);
            return ModelFuzzTargets.Take(made.PathOf("out", ShardName));
        }
    }

    /// <summary>metadata.json of an artefact that is whole otherwise.</summary>
    public static FuzzTarget Metadata() => InWhole("artefact-metadata", "metadata.json", withOriginal: false);

    /// <summary>report.json of an artefact that is whole otherwise, judged beside the original.</summary>
    public static FuzzTarget Report() => InWhole("artefact-report", "report.json", withOriginal: true);

    private static FuzzTarget InWhole(string name, string file, bool withOriginal)
    {
        TempFolder folder = new();
        Quantize(folder, new DiffusionQuantConfig { BitWidth = 4, GroupSize = 32 }, "image");
        string artefact = folder.PathOf("out");
        FuzzSeed seed = FuzzSeed.Whole(File.ReadAllBytes(Path.Combine(artefact, file)));
        return new(name, folder, Path.Combine("out", file), [seed], _ =>
        {
            ArtefactValidator.Validate(withOriginal ? folder.PathOf("model") : null, artefact);
            if (!withOriginal) ModelInspector.Inspect(artefact);
        });
    }

    private static void Quantize(TempFolder folder, DiffusionQuantConfig config, string modality)
    {
        SyntheticModels.Write(folder.PathOf("model"), WeightDistribution.Gaussian, 1, modality, Layers);
        new DiffusionQuantizer().QuantizeAsync(folder.PathOf("model"), folder.PathOf("out"), config with { MinAccuracy = 0 })
            .GetAwaiter().GetResult();
    }

    private static void ReadAll(ArtefactReader reader)
    {
        foreach (StoredLayer layer in reader.Layers)
        {
            for (int block = 0; block < layer.Blocks.Count; block++)
            {
                if (layer.IsKept) reader.ReadKept(layer, block);
                else reader.ReadBlock(layer, block);
            }
        }
    }
}
