using System.Collections.Concurrent;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>Good artefacts, faults that are planted in copies of them, and what validate and a plain cosine say of each.</summary>
public sealed class FaultLab : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<FaultOutcome>>> _outcomes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, double>> _before = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _quantized = new(StringComparer.Ordinal);

    /// <summary>Every fault.</summary>
    public static IReadOnlyList<PlantedFault> Faults(FaultLab? lab) => PlantedFaults.All(() => PlantedFaults.ShardOf(lab!.Good("sibling")));

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string sample = RepositoryPaths.Sample("dit-digits");
        await QuantizeAsync("int4", sample, "--bit-width", "4");
        await QuantizeAsync("int2", sample, "--bit-width", "2", "--min-accuracy", "0.5");
        await QuantizeAsync("sibling", WriteSibling(sample), "--bit-width", "4");
        await QuantizeAsync("wide", WriteWide(), "--calibration", "none");
        foreach (string artefact in (string[])["int4", "int2", "wide"])
        {
            _before.Add(artefact, Cosines(artefact, Good(artefact)));
            _quantized.Add(artefact, [.. ArtefactDecoder.ReadRows(Good(artefact))
                .Where(row => row.QuantType != "none").Select(row => row.LayerName)]);
        }
    }

    /// <summary>Plants a fault, once, and asks validate.</summary>
    public Task<FaultOutcome> OutcomeAsync(string fault) =>
        _outcomes.GetOrAdd(fault, name => new Lazy<Task<FaultOutcome>>(() => PlantAsync(Faults(this).First(f => f.Name == name)))).Value;

    /// <summary>The good artefact of a name.</summary>
    public string Good(string artefact) => _folder.PathOf("good", artefact);

    /// <summary>The model that an artefact was made of.</summary>
    public string OriginalOf(string artefact) => artefact == "wide" ? _folder.PathOf("wide") : RepositoryPaths.Sample("dit-digits");

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<FaultOutcome> PlantAsync(PlantedFault fault)
    {
        string folder = _folder.CreateFolder("planted-" + fault.Name.Replace(' ', '-').Replace('%', '-').Replace(':', '-'));
        foreach (string file in Directory.GetFiles(Good(fault.Artefact))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        fault.Plant(folder);
        ToolRun byHash = await Tool.RunAsync(["validate", folder]);
        ArtefactForgery.Reseal(folder);
        ToolRun without = await Tool.RunAsync(["validate", folder]);
        ToolRun with = await Tool.RunAsync(["validate", OriginalOf(fault.Artefact), folder]);
        Dictionary<string, double>? after = null;
        try
        {
            after = Cosines(fault.Artefact, folder);
        }
        catch (Exception e) when (e is InvalidDataException or DuckDB.NET.Data.DuckDBException)
        {
            // Nothing can be decoded: that is what the outcome says.
        }

        return new FaultOutcome(
            fault, byHash, with, without, _before[fault.Artefact][fault.Layer],
            after is not null && after.TryGetValue(fault.Layer, out double layer) ? layer : null,
            after?.Where(item => _quantized[fault.Artefact].Contains(item.Key)).Average(item => item.Value));
    }

    // What a plain check would compute: cosines of decoded tensors by name, with none of the library's code.
    private Dictionary<string, double> Cosines(string artefact, string folder)
    {
        Dictionary<string, (long[] Shape, float[] Values)> original =
            WeightFile.Read(Path.Combine(OriginalOf(artefact), "model.safetensors"));
        return ArtefactDecoder.Decode(folder).Where(tensor => original.ContainsKey(tensor.Key))
            .ToDictionary(tensor => tensor.Key, tensor => Figures.Cosine(original[tensor.Key].Values, tensor.Value.Values));
    }

    private async Task QuantizeAsync(string name, string model, params string[] more)
    {
        ToolRun run = await Tool.RunAsync(["quantize", model, "-o", Good(name), .. more]);
        Assert.True(run.ExitCode == 0, run.Error);
    }

    // The sample after a little more training, as it were: the same names, shapes and inputs, other weights.
    private string WriteSibling(string sample)
    {
        string folder = _folder.CreateFolder("sibling");
        foreach (string file in (string[])["config.json", "metadata.json", "calibration.safetensors"])
            File.Copy(Path.Combine(sample, file), Path.Combine(folder, file));
        SeededRandom random = new(55);
        Dictionary<string, (long[] Shape, float[] Values)> tensors = WeightFile.Read(Path.Combine(sample, "model.safetensors"))
            .ToDictionary(
                t => t.Key,
                t => (t.Value.Shape, t.Value.Values.Select(w => w * (float)(1 + (0.01 * random.NextGaussian()))).ToArray()));
        Dictionary<string, string> metadata = WeightFile.ReadRaw(Path.Combine(sample, "model.safetensors")).Metadata;
        WeightFileWriter.Write(Path.Combine(folder, "model.safetensors"), tensors, metadata);
        return folder;
    }

    // Rows of 16 KiB, so that a layer of 1024 of them is stored in two blocks.
    private string WriteWide()
    {
        string folder = _folder.CreateFolder("wide");
        WeightFileWriter.Write(
            Path.Combine(folder, "model.safetensors"),
            new Dictionary<string, (long[] Shape, float[] Values)>
            {
                ["blocks.0.proj.weight"] = ([1024, 4096], SyntheticModels.Values(WeightDistribution.Gaussian, 1024 * 4096, 71)),
            },
            new Dictionary<string, string> { ["modality"] = "image" });
        return folder;
    }
}
