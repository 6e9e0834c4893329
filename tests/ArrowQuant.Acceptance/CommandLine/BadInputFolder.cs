using ArrowQuant.Acceptance.Support;
using ArrowQuant.TestKit;

namespace ArrowQuant.Acceptance.CommandLine;

/// <summary>A folder for broken inputs, and what must hold of every run that ends with an error.</summary>
public sealed class BadInputFolder : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>Where inputs go.</summary>
    public string Inputs => _folder.CreateFolder("inputs");

    /// <summary>The folder around <see cref="Output"/>: exists and is empty before each run.</summary>
    public string Around => _folder.CreateFolder("work");

    /// <summary>Where nothing may be after a failure.</summary>
    public string Output => Path.Combine(Around, "out");

    /// <summary>Writes a file among the inputs and returns its path.</summary>
    public string Write(string name, ReadOnlySpan<byte> content)
    {
        string path = Path.Combine(Inputs, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Quantizes at 4 bits as an image model, with more arguments if given.</summary>
    public Task<ToolRun> QuantizeAsync(string model, params string[] more) => Tool.RunAsync(
        ["quantize", model, "-o", Output, "--modality", "image", "--calibration", "none", .. more]);

    /// <summary>
    /// The exit code is this one, standard output is empty, standard error is one line that tells all <paramref name="parts"/>, inputs are
    /// as they were and nothing is left around the output.
    /// </summary>
    public void AssertOneLine(ToolRun run, int exitCode, params string[] parts)
    {
        Assert.Equal("", run.Output);
        string line = Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, line, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(Around));
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
