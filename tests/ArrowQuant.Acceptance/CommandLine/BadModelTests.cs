using System.Text;
using System.Text.Json;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.CommandLine;

/// <summary>
/// Models that cannot be taken, whatever their format. Expected of each: one clear line, the right exit code, nothing left.
/// </summary>
public sealed class BadModelTests(TestModels models) : IDisposable
{
    private readonly BadInputFolder _folder = new();

    /// <summary>A path where nothing is.</summary>
    [Fact]
    public async Task Quantize_NoSuchModel_IsOneClearLine()
    {
        string path = Path.Combine(_folder.Inputs, "nowhere");
        _folder.AssertOneLine(await _folder.QuantizeAsync(path), 3, path, "no such file or folder");
    }

    /// <summary>Pickle files: refused because loading one runs code, with what to do instead.</summary>
    [Theory]
    [InlineData("model.pt")]
    [InlineData("model.ckpt")]
    [InlineData("pytorch_model.bin")]
    public async Task Quantize_PickleFile_IsRefusedWithTheReason(string name)
    {
        string path = _folder.Write(name, [0x80, 0x02, .. Encoding.ASCII.GetBytes("ctorch._utils\n_rebuild_tensor_v2\nq.")]);
        _folder.AssertOneLine(await _folder.QuantizeAsync(path), 3, path, "pickle", "safetensors");
    }

    /// <summary>A folder that holds only pickles.</summary>
    [Fact]
    public async Task Quantize_FolderOfPickles_IsRefusedWithTheReason()
    {
        _folder.Write("pytorch_model.bin", [0x80, 0x02, .. Encoding.ASCII.GetBytes("ctorch\nx.")]);
        _folder.Write("config.json", "{}"u8);
        _folder.AssertOneLine(await _folder.QuantizeAsync(_folder.Inputs), 3, _folder.Inputs, "pytorch_model.bin", "pickle", "safetensors");
    }

    /// <summary>An empty folder.</summary>
    [Fact]
    public async Task Quantize_EmptyFolder_SaysWhatItLookedFor() => _folder.AssertOneLine(
        await _folder.QuantizeAsync(_folder.Inputs), 3, _folder.Inputs, "no model found", "model.safetensors", "*.parquet");

    /// <summary>A folder with two candidates: both are listed.</summary>
    [Fact]
    public async Task Quantize_AmbiguousFolder_ListsTheCandidates()
    {
        WriteModel("first.safetensors");
        WriteModel("second.safetensors");
        _folder.AssertOneLine(
            await _folder.QuantizeAsync(_folder.Inputs), 3, _folder.Inputs, "ambiguous", "first.safetensors", "second.safetensors");
    }

    /// <summary>A model of which every tensor would be kept: why, counted.</summary>
    [Fact]
    public async Task Quantize_NothingToQuantize_SaysWhy()
    {
        string path = WriteModel(
            "model.safetensors", ("norm.weight", [64]), ("token_embedding.weight", [64, 64]), ("small.weight", [64, 8]));
        _folder.AssertOneLine(
            await _folder.QuantizeAsync(path),
            3, path, "nothing to quantize", "3 tensors", "1 vector", "1 sensitive", "1 narrow", "--include");
    }

    /// <summary>A Parquet model cut in half, of the older layout and of our own.</summary>
    [Fact]
    public async Task Quantize_ParquetCutInHalf_IsOneClearLine()
    {
        string old = models.Gaussian(ModelForm.V2Extended);
        string cut = "";
        foreach (string file in Directory.GetFiles(old))
        {
            byte[] content = File.ReadAllBytes(file);
            bool isFirst = cut.Length == 0 && file.EndsWith(".parquet", StringComparison.Ordinal);
            string copy = _folder.Write(Path.GetFileName(file), isFirst ? content.AsSpan(0, content.Length / 2) : content);
            if (isFirst) cut = copy;
        }

        _folder.AssertOneLine(await _folder.QuantizeAsync(_folder.Inputs), 3, cut, "is cut off", "do not end with PAR1", "copy it again");
    }

    /// <summary>The raw values beside an older Parquet model cut in half.</summary>
    [Fact]
    public async Task Quantize_RawValuesCutInHalf_NamesTheTensor()
    {
        string cut = "";
        foreach (string file in Directory.GetFiles(models.Gaussian(ModelForm.V2Extended)))
        {
            byte[] content = File.ReadAllBytes(file);
            bool isFirst = cut.Length == 0 && file.EndsWith("fc1_weight.bin", StringComparison.Ordinal);
            string copy = _folder.Write(Path.GetFileName(file), isFirst ? content.AsSpan(0, content.Length / 2) : content);
            if (isFirst) cut = copy;
        }

        Assert.NotEmpty(cut);
        _folder.AssertOneLine(await _folder.QuantizeAsync(_folder.Inputs), 3, cut, "mlp.fc1.weight");
    }

    /// <summary>An artefact of ours with a shard cut in half: neither a source, nor valid.</summary>
    [Fact]
    public async Task Tool_ArtefactCutInHalf_IsOneClearLine()
    {
        string artefact = Path.Combine(_folder.Inputs, "artefact");
        Assert.Equal(0, (await Tool.RunAsync(["quantize", models.Gaussian(ModelForm.Safetensors), "-o", artefact, "--quiet"])).ExitCode);
        string shard = Assert.Single(Directory.GetFiles(artefact, "*.parquet"));
        byte[] content = File.ReadAllBytes(shard);
        File.WriteAllBytes(shard, content[..(content.Length / 2)]);

        _folder.AssertOneLine(await _folder.QuantizeAsync(artefact, "--allow-requantize"), 3, shard);
        _folder.AssertOneLine(await Tool.RunAsync(["validate", artefact]), 3, shard, $"{content.Length / 2} bytes", $"{content.Length}");
        _folder.AssertOneLine(await Tool.RunAsync(["inspect", artefact]), 3, shard);
    }

    /// <summary>One byte of a shard changed: <c>validate</c> tells the file.</summary>
    [Fact]
    public async Task Validate_AChangedByte_IsFound()
    {
        string artefact = Path.Combine(_folder.Inputs, "artefact");
        Assert.Equal(0, (await Tool.RunAsync(["quantize", models.Gaussian(ModelForm.Safetensors), "-o", artefact, "--quiet"])).ExitCode);
        string shard = Assert.Single(Directory.GetFiles(artefact, "*.parquet"));
        byte[] content = File.ReadAllBytes(shard);
        content[5000] ^= 0x10;
        File.WriteAllBytes(shard, content);

        ToolRun run = await Tool.RunAsync(["validate", models.Gaussian(ModelForm.Safetensors), artefact]);
        Assert.Equal(3, run.ExitCode);
        Assert.Contains(shard, run.Error, StringComparison.Ordinal);
    }

    /// <summary>A model that is quantized already: refused unless asked for.</summary>
    [Fact]
    public async Task Quantize_AlreadyQuantized_IsRefusedUnlessAsked()
    {
        string artefact = Path.Combine(_folder.Inputs, "artefact");
        Assert.Equal(0, (await Tool.RunAsync(["quantize", models.Gaussian(ModelForm.Safetensors), "-o", artefact, "--quiet"])).ExitCode);

        _folder.AssertOneLine(
            await _folder.QuantizeAsync(artefact), 3, artefact, "blocks.0.attn.qkv.weight", "already quantized", "--allow-requantize");
        ToolRun asked = await _folder.QuantizeAsync(artefact, "--allow-requantize", "--bit-width", "8");
        Assert.Equal(0, asked.ExitCode);
        Assert.True(File.Exists(Path.Combine(_folder.Output, "report.json")));
    }

    /// <summary>Calibration data that was named and is missing, cut, or holds nothing of use: exit code 3.</summary>
    [Theory]
    [InlineData("missing")]
    [InlineData("cut")]
    [InlineData("useless")]
    public async Task Quantize_NamedCalibrationIsBroken_IsOneClearLine(string fault)
    {
        string path = Path.Combine(_folder.Inputs, "samples.safetensors");
        if (fault == "cut") File.WriteAllBytes(path, [100, 0, 0, 0, 0, 0, 0, 0, (byte)'{']);
        else if (fault == "useless") WriteModel("samples.safetensors", ("a.weight", [4, 32]));
        ToolRun run = await Tool.RunAsync(
            ["quantize", models.Gaussian(ModelForm.Safetensors), "-o", _folder.Output, "--calibration", path]);
        _folder.AssertOneLine(run, 3, path);
    }

    /// <summary>A model that does not say what it is: exit code 2 and the flag that tells it.</summary>
    [Fact]
    public async Task Quantize_ModalityUnknown_AsksForIt()
    {
        string path = WriteModel("model.safetensors");
        ToolRun run = await Tool.RunAsync(["quantize", path, "-o", _folder.Output]);
        _folder.AssertOneLine(run, 2, path, "modality", "--modality text|code|image|audio");
    }

    /// <summary>
    /// The error document. Purpose: programs read failures. Input: a NaN weight, with --json. Expected: one JSON document on standard
    /// output with kind, message, file, tensor and exit code, and no attempts; the same line on standard error.
    /// </summary>
    [Fact]
    public async Task Quantize_JsonOfAFormatError_IsOneDocument()
    {
        float[] values = new float[64 * 64];
        values[77] = float.NaN;
        string path = Path.Combine(_folder.Inputs, "model.safetensors");
        WeightFileWriter.Write(path, new Dictionary<string, (long[] Shape, float[] Values)> { ["a.weight"] = ([64, 64], values) });
        ToolRun run = await _folder.QuantizeAsync(path, "--json");

        Assert.Equal(3, run.ExitCode);
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement error = document.RootElement.GetProperty("error");
        Assert.Equal("model_format", error.GetProperty("kind").GetString());
        Assert.Equal((path, "a.weight", 3), (
            error.GetProperty("file").GetString(), error.GetProperty("tensor").GetString(), error.GetProperty("exit_code").GetInt32()));
        Assert.Equal(Assert.Single(run.Errors), error.GetProperty("message").GetString());
        Assert.Equal(0, document.RootElement.GetProperty("attempts").GetArrayLength());
        Assert.Equal(JsonValueKind.Object, document.RootElement.GetProperty("fallback").ValueKind);
    }

    /// <summary>
    /// The error document of a failed gate. Input: dit-digits, 2 bits, a threshold that no width reaches, with --json. Expected: kind
    /// quality, exit code 4, three attempts, events and rates.
    /// </summary>
    [Fact]
    public async Task Quantize_JsonOfAQualityError_TellsAttemptsAndFallbacks()
    {
        ToolRun run = await _folder.QuantizeAsync(
            models.Dit(ModelForm.Safetensors), "--json", "--bit-width", "2", "--min-accuracy", "0.9999999", "--keep-min-accuracy");

        Assert.Equal(4, run.ExitCode);
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement root = document.RootElement;
        Assert.Equal(("quality", 4), (
            root.GetProperty("error").GetProperty("kind").GetString(), root.GetProperty("error").GetProperty("exit_code").GetInt32()));
        Assert.Equal(
            [2, 4, 8], root.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("bit_width").GetInt32()));
        JsonElement step = root.GetProperty("fallback").GetProperty("rates").GetProperty("int2_to_int4");
        Assert.Equal((1, 1, 1.0), (
            step.GetProperty("attempts").GetInt32(), step.GetProperty("fallbacks").GetInt32(), step.GetProperty("rate").GetDouble()));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Around));
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private string WriteModel(string name, params (string Name, long[] Shape)[] layers)
    {
        if (layers.Length == 0) layers = [("blocks.0.proj.weight", [64, 64])];
        Dictionary<string, (long[] Shape, float[] Values)> tensors = new(StringComparer.Ordinal);
        foreach ((string layer, long[] shape) in layers)
            tensors.Add(layer, (shape, SyntheticModels.Values(WeightDistribution.Gaussian, (int)shape.Aggregate(1L, (a, b) => a * b), 71)));
        string path = Path.Combine(_folder.Inputs, name);
        WeightFileWriter.Write(path, tensors);
        return path;
    }
}
