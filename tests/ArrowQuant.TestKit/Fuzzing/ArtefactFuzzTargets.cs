using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Validation;
using ArrowQuant.Runtime;
using ArrowQuant.Sources;
using ArrowQuant.Storage;

namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>Readers of our own artefacts: shards, metadata.json, report.json.</summary>
internal static class ArtefactFuzzTargets
{
    private const string ShardName = "model-00001-of-00001.parquet";

    private static readonly (string Name, long[] Shape)[] Layers = [("a.weight", [4, 64]), ("b.weight", [6, 70]), ("a.bias", [4])];

    // What the documents of an artefact tell of is read with each of them, so there is little of it: two layers and a kept tensor.
    private static readonly (string Name, long[] Shape)[] SmallLayers = [("a.weight", [2, 32]), ("b.weight", [2, 32]), ("a.bias", [2])];

    private static readonly DiffusionQuantConfig Small = new() { BitWidth = 4, GroupSize = 32, Compression = Compression.None };

    /// <summary>Shards of every layout, opened without metadata.json, read to the last value and multiplied.</summary>
    public static FuzzTarget Shard()
    {
        TempFolder folder = new();
        FuzzSeed[] seeds =
        [
            Of(new DiffusionQuantConfig { BitWidth = 4, GroupSize = 32, Compression = Compression.Zstd }, "image"),
            Of(new DiffusionQuantConfig { BitWidth = 2, GroupSize = 32 }, "text"),
            Of(new() { BitWidth = 2, GroupSize = 32, Layout = LayoutChoice.Trellis6, Rotation = RotationChoice.Hadamard }, "image"),
            Of(new DiffusionQuantConfig { BitWidth = 8, GroupSize = 64 }, "image"),
        ];
        return new("artefact-shard", folder, ShardName, seeds, path =>
        {
            string shards = Path.GetDirectoryName(path)!;
            using (ArtefactReader reader = ArtefactReader.Open(shards)) ReadAll(reader);
            using (QuantizedModel model = QuantizedModel.Open(shards, threads: 1)) MultiplyAll(model);
            ModelFuzzTargets.ReadModel(shards);
        });

        static FuzzSeed Of(DiffusionQuantConfig config, string modality)
        {
            using TempFolder made = new();
            Quantize(made, config, modality, Layers);
            return ModelFuzzTargets.Take(made.PathOf("out", ShardName));
        }
    }

    /// <summary>
    /// metadata.json of an artefact that is whole otherwise. An input whose length is a multiple of 16 is judged with the whole artefact;
    /// of the others the document is read and its configuration understood.
    /// </summary>
    public static FuzzTarget Metadata()
    {
        TempFolder folder = new();
        Quantize(folder, Small, "image", SmallLayers);
        string artefact = folder.PathOf("out");
        return new("artefact-metadata", folder, Path.Combine("out", "metadata.json"), [SeedOf(artefact, "metadata.json")], path =>
        {
            OutputRecheck.ConfigurationOf(artefact, ShardFolder.ReadMetadata(artefact));
            if (new FileInfo(path).Length % 16 != 0) return;
            ArtefactValidator.Validate(null, artefact);
            ModelInspector.Inspect(artefact);
        });
    }

    /// <summary>
    /// report.json of an artefact that is whole otherwise, judged beside the original. The files that do not change are read and measured
    /// once; an input whose length is a multiple of 64 is judged from the first file to the last.
    /// </summary>
    public static FuzzTarget Report()
    {
        TempFolder folder = new();
        Quantize(folder, Small, "image", SmallLayers);
        string artefact = folder.PathOf("out");
        string model = folder.PathOf("model");
        KernelSet kernels = KernelSet.Create(null);
        ArtefactReader reader = ArtefactReader.Open(artefact, kernels);
        using IModelSource original = ModelSource.Open(model);
        long bytes = original.Tensors.Sum(tensor => tensor.ByteLength);
        List<string> problems = [];
        List<MeasuredLayer> layers = ArtefactValidator.MeasureAll(
            reader, original, new LayerMeasurement(kernels, reader), null, problems, CancellationToken.None);
        FuzzTarget target = new("artefact-report", folder, Path.Combine("out", "report.json"), [SeedOf(artefact, "report.json")], path =>
        {
            if (new FileInfo(path).Length % 64 == 0) ArtefactValidator.Validate(model, artefact);
            else ArtefactValidator.Judge(reader, layers, bytes, null, []);
        });
        target.Owns(reader);
        return target;
    }

    private static FuzzSeed SeedOf(string artefact, string file) => FuzzSeed.Whole(File.ReadAllBytes(Path.Combine(artefact, file)));

    private static void Quantize(
        TempFolder folder, DiffusionQuantConfig config, string modality, (string Name, long[] Shape)[] layers)
    {
        SyntheticModels.Write(folder.PathOf("model"), WeightDistribution.Gaussian, 1, modality, layers);
        new DiffusionQuantizer().QuantizeAsync(folder.PathOf("model"), folder.PathOf("out"), config with { MinAccuracy = 0 })
            .GetAwaiter().GetResult();
    }

    private static void MultiplyAll(QuantizedModel model)
    {
        foreach (StoredLayer stored in model.Layers.Where(layer => !layer.IsKept))
        {
            using QuantizedLayer layer = model.GetLayer(stored.FullName);
            layer.MatVec(new float[layer.Columns], new float[layer.Rows]);
        }
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
