using System.Text.Json;
using ArrowQuant.Acceptance.CommandLine;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Exports;

/// <summary>Exports that cannot be. Expected of each: the right exit code, one clear line, nothing written.</summary>
public sealed class BadExportTests(TestModels models) : IDisposable
{
    private readonly BadInputFolder _folder = new();

    private string Artefact => Path.Combine(_folder.Inputs, "artefact");

    /// <summary>Wrong options: exit code 2, the flag, the value, and what is valid.</summary>
    [Theory]
    [InlineData("", "--format is missing", "gguf, safetensors")]
    [InlineData("--format gmml", "--format: gmml", "gguf, safetensors")]
    [InlineData("--format safetensors --dtype f8", "--dtype: f8", "f16, bf16, f32")]
    [InlineData("--format safetensors --packing awq", "--packing: awq", "none, compressed-tensors")]
    [InlineData("--format safetensors --shard-size 3X", "--shard-size: 3X", "2GiB")]
    [InlineData("--format gguf --error-share 2", "--error-share: 2", "0 to 1")]
    [InlineData("--format gguf --architecture Flux!", "--architecture: Flux!")]
    [InlineData("--format gguf --dtype f32", "--dtype: is for --format safetensors only")]
    [InlineData("--format safetensors --reshape", "--reshape: is for --format gguf only")]
    public async Task Export_WrongOption_IsOneClearLine(string options, params string[] parts)
    {
        string[] words = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        ToolRun run = await Tool.RunAsync(["export", models.Dit(ModelForm.Safetensors), "-o", _folder.Output, .. words]);
        _folder.AssertOneLine(run, 2, parts);
    }

    /// <summary>No artefact, an original model, an output that looks like a file.</summary>
    [Fact]
    public async Task Export_NoArtefact_IsOneClearLine()
    {
        string nowhere = Path.Combine(_folder.Inputs, "nowhere");
        _folder.AssertOneLine(await ExportAsync(nowhere, _folder.Output), 3, nowhere, "no such folder");
        string model = models.Dit(ModelForm.Safetensors);
        _folder.AssertOneLine(await ExportAsync(model, _folder.Output), 3, model, "not");
        _folder.AssertOneLine(await ExportAsync(model, _folder.Output + ".gguf"), 2, "out.gguf", "looks like a file");
        _folder.AssertOneLine(await Tool.RunAsync(["export", "--format", "gguf", "-o", _folder.Output]), 2, "ARTEFACT is missing");
    }

    /// <summary>A damaged artefact: exit code 3, the tensor is named, nothing is left.</summary>
    [Theory]
    [InlineData("gguf")]
    [InlineData("safetensors")]
    public async Task Export_DamagedArtefact_LeavesNothing(string format)
    {
        await MakeArtefactAsync();
        string shard = Directory.GetFiles(Artefact, "*.parquet").Single();
        byte[] bytes = File.ReadAllBytes(shard);
        bytes.AsSpan(bytes.Length / 4, 1 << 16).Fill(0xFF);
        File.WriteAllBytes(shard, bytes);
        _folder.AssertOneLine(await ExportAsync(Artefact, _folder.Output, format), 3, shard);
    }

    /// <summary>
    /// An output that exists: exit code 5 without --force; replaced with it; what is no export is not replaced even then, nor is the
    /// artefact.
    /// </summary>
    [Fact]
    public async Task Export_OutputExists_IsNeverLost()
    {
        await MakeArtefactAsync();
        Assert.Equal(0, (await ExportAsync(Artefact, _folder.Output)).ExitCode);
        string[] before = FolderState.Of(_folder.Around);
        ToolRun refused = await ExportAsync(Artefact, _folder.Output, "safetensors");
        Assert.Equal(5, refused.ExitCode);
        Assert.Contains("exists already (an ArrowQuant export); use --force", Assert.Single(refused.Errors), StringComparison.Ordinal);
        Assert.Equal(before, FolderState.Of(_folder.Around));

        Assert.Equal(0, (await ExportAsync(Artefact, _folder.Output, "safetensors", "--force")).ExitCode);
        Assert.Equal(
            ["export.json", "model.safetensors"],
            Directory.GetFiles(_folder.Output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal([_folder.Output], Directory.GetFileSystemEntries(_folder.Around));

        string foreign = Directory.CreateDirectory(Path.Combine(_folder.Inputs, "foreign")).FullName;
        File.WriteAllText(Path.Combine(foreign, "thesis.txt"), "irreplaceable");
        ToolRun kept = await ExportAsync(Artefact, foreign, "gguf", "--force");
        Assert.Equal((5, true), (kept.ExitCode, kept.Errors[0].Contains("not an ArrowQuant export", StringComparison.Ordinal)));
        string[] artefact = FolderState.Of(Artefact);
        ToolRun itself = await ExportAsync(Artefact, Artefact, "gguf", "--force");
        Assert.Equal((2, true), (itself.ExitCode, itself.Errors[0].Contains("is the model itself", StringComparison.Ordinal)));
        Assert.Equal(artefact, FolderState.Of(Artefact));
    }

    /// <summary>Values that float16 has no numbers for: refused in safetensors with what to choose; GGUF takes F32 by itself.</summary>
    [Theory]
    [InlineData(1e30f)]
    [InlineData(1e-30f)]
    public async Task Export_ValuesOutOfRange_AreNeverLost(float factor)
    {
        float[] values = [.. SyntheticModels.Values(WeightDistribution.Gaussian, 64 * 64, 3).Select(value => value * factor)];
        string model = Path.Combine(_folder.Inputs, "model.safetensors");
        WeightFileWriter.Write(
            model,
            new Dictionary<string, (long[] Shape, float[] Values)> { ["blocks.0.proj.weight"] = ([64, 64], values) },
            new Dictionary<string, string> { ["modality"] = "image" });
        Assert.Equal(0, (await Tool.RunAsync(["quantize", model, "-o", Artefact, "--quiet"])).ExitCode);

        ToolRun refused = await ExportAsync(Artefact, _folder.Output, "safetensors");
        _folder.AssertOneLine(refused, 2, "--dtype", "blocks.0.proj.weight", "range of float16", "bf16 or f32");
        ToolRun run = await ExportAsync(Artefact, _folder.Output, "gguf", "--json");
        using JsonDocument report = JsonDocument.Parse(run.Output);
        JsonElement tensor = report.RootElement.GetProperty("tensors")[0];
        Assert.Equal(("F32", true), (tensor.GetProperty("stored_as").GetString(), tensor.GetProperty("exact").GetBoolean()));
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private static Task<ToolRun> ExportAsync(string artefact, string output, string format = "gguf", params string[] more) =>
        Tool.RunAsync(["export", artefact, "-o", output, "--format", format, .. more]);

    private async Task MakeArtefactAsync() => Assert.Equal(
        0, (await Tool.RunAsync(["quantize", models.Gaussian(ModelForm.Safetensors), "-o", Artefact, "--quiet"])).ExitCode);
}
