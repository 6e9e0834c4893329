using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.Trust;

/// <summary>A folder in which runs are killed and resumed, a model for them, and what a run must come to.</summary>
public sealed partial class ResumeLab : IAsyncLifetime
{
    /// <summary>Threads of every run.</summary>
    public const int Threads = 2;

    /// <summary>Blocks of <see cref="Model"/>: two layers are stored in two blocks each, the others in one.</summary>
    public const int Blocks = 20;

    private readonly TempFolder _folder = new();

    /// <summary>A model of eighteen layers and sixteen biases.</summary>
    public string Model { get; private set; } = "";

    /// <summary>The uninterrupted artefact.</summary>
    public string Whole => _folder.PathOf("whole");

    /// <summary>The folder around <see cref="Output"/>.</summary>
    public string Around => _folder.CreateFolder("work");

    /// <summary>Where runs that are killed write.</summary>
    public string Output => Path.Combine(Around, "out");

    /// <summary>The journal beside <see cref="Output"/>.</summary>
    public string Journal => Output + ".finished-blocks";

    /// <summary>How long a run takes as a process.</summary>
    public TimeSpan Duration { get; private set; }

    /// <summary>Writes the model and quantizes it once without interruption.</summary>
    public async ValueTask InitializeAsync()
    {
        Model = WriteModel("model", null);
        Stopwatch watch = Stopwatch.StartNew();
        ToolRun run = await Tool.RunProcessAsync(Arguments(Whole));
        Duration = watch.Elapsed;
        Assert.True(run.ExitCode == 0, run.Error);
    }

    /// <summary>Writes the model; one layer of it, if named, with one other weight.</summary>
    public string WriteModel(string name, string? changedLayer)
    {
        string folder = _folder.CreateFolder(name);
        Dictionary<string, (long[] Shape, float[] Values)> tensors = [];
        for (int i = 0; i < 16; i++) tensors.Add($"blocks.{i}.proj.weight", ([192, 512], Values(192 * 512, i)));
        for (int i = 0; i < 2; i++) tensors.Add($"large.{i}.weight", ([264, 8192], Values(264 * 8192, 100 + i)));
        for (int i = 0; i < 16; i++) tensors.Add($"blocks.{i}.proj.bias", ([192], Values(192, 200 + i)));
        if (changedLayer is not null) tensors[changedLayer].Values[^1] += 0.5f;
        WeightFileWriter.Write(
            Path.Combine(folder, "model.safetensors"), tensors, new Dictionary<string, string> { ["modality"] = "image" });
        return folder;
    }

    /// <summary>The command line of a run.</summary>
    public string[] Arguments(string output, params string[] more) =>
        ["quantize", Model, "-o", output, "--bit-width", "4", "--threads", $"{Threads}", "--verbose", .. more];

    /// <summary>Starts a run with --resume, and kills it after a while; a run that ends before shows how long one takes now.</summary>
    public async Task RunAndKillAsync(TimeSpan after)
    {
        Stopwatch watch = Stopwatch.StartNew();
        using Process process = Tool.Start(Arguments(Output, "--resume"));
        Task<ToolRun> ended = Tool.FinishAsync(process);
        await Task.WhenAny(ended, Task.Delay(after, TestContext.Current.CancellationToken));
        if (ended.IsCompleted) Duration = watch.Elapsed;
        process.Kill();
        await ended;
    }

    /// <summary>Runs with --resume to the end and returns how many blocks it took over and how many it quantized.</summary>
    public async Task<(int Taken, int Made)> ResumeAsync(params string[] more)
    {
        ToolRun run = await Tool.RunProcessAsync(Arguments(Output, ["--resume", .. more]));
        Assert.True(run.ExitCode == 0, run.Error);
        return Counts(run);
    }

    /// <summary>How many blocks a verbose run says that it took over, and quantized.</summary>
    public static (int Taken, int Made) Counts(ToolRun run)
    {
        Match counts = CountsLine().Match(run.Error);
        Assert.True(counts.Success, run.Error);
        return (Number(counts.Groups[1].Value), Number(counts.Groups[2].Value));
    }

    /// <summary>Blocks in the journal: whole records, with heads of 48 bytes (key, length, hash), but the short ones of choices.</summary>
    public int JournaledBlocks()
    {
        if (!File.Exists(Journal)) return 0;
        byte[] bytes = File.ReadAllBytes(Journal);
        int blocks = 0;
        for (long at = 16; at + 48 <= bytes.Length;)
        {
            long length = BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan((int)at + 16));
            at += 48 + length;
            if (at <= bytes.Length && length > 1024) blocks++;
        }

        return blocks;
    }

    /// <summary>The artefact is the uninterrupted one, as <see cref="AssertSame"/> compares them.</summary>
    public void AssertWhole(string artefact) => AssertSame(Whole, artefact);

    /// <summary>Two artefacts are the same in every byte, but for durations, paths, and the hash of the report with these.</summary>
    public static void AssertSame(string expected, string actual)
    {
        string[] names = [.. Directory.GetFiles(expected).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.Equal(names, Directory.GetFileSystemEntries(actual).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        foreach (string name in names)
        {
            string[] files = [Path.Combine(expected, name), Path.Combine(actual, name)];
            if (name.EndsWith(".json", StringComparison.Ordinal)) Assert.Equal(Timeless(files[0]), Timeless(files[1]));
            else Assert.Equal(FolderState.HashOf(files[0]), FolderState.HashOf(files[1]));
        }
    }

    /// <summary>Removes what lies around the output.</summary>
    public void Clear() => Directory.Delete(Around, recursive: true);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    private static float[] Values(int count, int seed) => SyntheticModels.Values(WeightDistribution.Gaussian, count, 700 + (ulong)seed);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static string Timeless(string path) => TimedLine().Replace(File.ReadAllText(path), "");

    [GeneratedRegex(@"finished blocks: (\d+) taken over, (\d+) quantized")]
    private static partial Regex CountsLine();

    [GeneratedRegex(@"^ *""(?:model_path|quantized_path|quantization_time_s|duration_s|report_xxh128)"": .*\n", RegexOptions.Multiline)]
    private static partial Regex TimedLine();
}
