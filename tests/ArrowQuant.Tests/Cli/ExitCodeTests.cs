using System.Text.Json;
using ArrowQuant.Cli;
using ArrowQuant.Errors;
using ArrowQuant.Fallback;
using ArrowQuant.Pipeline.Validation;

namespace ArrowQuant.Tests.Cli;

public sealed class ExitCodeTests
{
    public static TheoryData<string, int, string> Failures => new()
    {
        { "configuration", 2, "configuration" },
        { "model_not_found", 3, "model_not_found" },
        { "model_format", 3, "model_format" },
        { "calibration", 3, "calibration" },
        { "shape_mismatch", 3, "shape_mismatch" },
        { "quality", 4, "quality" },
        { "resource", 5, "resource" },
        { "io", 5, "resource" },
        { "access", 5, "resource" },
        { "memory", 5, "resource" },
        { "defect", 1, "defect" },
        { "argument", 1, "defect" },
        { "not_cancelled_by_us", 1, "defect" },
    };

    [Theory, MemberData(nameof(Failures))]
    public async Task Quantize_Exception_HasItsExitCodeOneErrorLineAndNoStackTrace(string what, int exitCode, string kind)
    {
        FakeService service = new() { OnQuantize = _ => throw Make(what) };
        CommandLineRun run = await CommandLineRun.OfAsync(service, "quantize", "m", "-o", "x");
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.StartsWith("error: ", run.ErrorLines[0], StringComparison.Ordinal);
        Assert.Contains(Make(what).Message, run.ErrorLines[0], StringComparison.Ordinal);
        Assert.Single(run.ErrorLines, line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.Equal(exitCode == 1, run.Error.Contains("a defect in the program", StringComparison.Ordinal));

        CommandLineRun json = await CommandLineRun.OfAsync(service, "quantize", "m", "-o", "x", "--json");
        Assert.Equal(exitCode, json.ExitCode);
        JsonElement error = json.Json.GetProperty("error");
        Assert.Equal(kind, error.GetProperty("kind").GetString());
        Assert.Equal(exitCode, error.GetProperty("exit_code").GetInt32());
        Assert.Contains(Make(what).Message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quantize_Verbose_PrintsTheStackTrace()
    {
        FakeService service = new() { OnQuantize = _ => throw Make("defect") };
        CommandLineRun run = await CommandLineRun.OfAsync(service, "quantize", "m", "-o", "x", "--verbose");
        Assert.Contains("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_StandardOutputIsFull_Exits5()
    {
        CommandLineHost host = new()
        {
            Output = new FullWriter(),
            Error = new FullWriter(),
            Environment = new Dictionary<string, string>(),
            CreateService = (_, _) => new FakeService(),
        };
        Assert.Equal(5, await CommandLineApp.RunAsync(["inspect", "m", "--json"], host, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Quantize_Cancelled_Exits130()
    {
        using CancellationTokenSource source = new();
        FakeService service = new()
        {
            OnQuantize = token =>
            {
                source.Cancel();
                token.ThrowIfCancellationRequested();
                return SampleDocuments.Result;
            },
        };
        CommandLineRun run = await CommandLineRun.OfAsync(service, [], source.Token, "quantize", "m", "-o", "x");
        Assert.Equal(130, run.ExitCode);
        Assert.Equal("error: stopped before the end; nothing was published\n", run.Error);
    }

    [Fact]
    public async Task Quantize_QualityFailure_JsonHasAttemptsAndFallback()
    {
        FakeService service = new() { OnQuantize = _ => throw Make("quality") };
        CommandLineRun run = await CommandLineRun.OfAsync(service, "quantize", "m", "-o", "x", "--json");
        Assert.Equal(["error", "attempts", "fallback"], run.Json.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ["kind", "message", "file", "tensor", "exit_code"],
            run.Json.GetProperty("error").EnumerateObject().Select(property => property.Name));
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("error").GetProperty("file").ValueKind);
        JsonElement attempt = run.Json.GetProperty("attempts")[0];
        Assert.Equal(2, attempt.GetProperty("bit_width").GetInt32());
        Assert.Equal(0.9431, attempt.GetProperty("cosine_similarity").GetDouble());
        Assert.Equal("NaN", run.Json.GetProperty("attempts")[1].GetProperty("cosine_similarity").GetString());
        Assert.Equal(3, run.Json.GetProperty("fallback").GetProperty("events").GetArrayLength());
        Assert.Equal(1, run.Json.GetProperty("fallback").GetProperty("rates").GetProperty("int2_to_int4").GetProperty("rate").GetDouble());
        Assert.Contains("  INT2  0.9431 for 0.99  failed: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inspect_FailureWithPlace_NamesFileAndTensorOnceEach()
    {
        FakeService service = new()
        {
            OnInspect = () => throw new ModelFormatException("ends after 4 of 8 bytes") { FilePath = "m.safetensors", TensorName = "a.b" },
        };
        CommandLineRun run = await CommandLineRun.OfAsync(service, "inspect", "m", "--json");
        Assert.Equal("error: m.safetensors: tensor a.b: ends after 4 of 8 bytes\n", run.Error);
        Assert.Equal("m.safetensors", run.Json.GetProperty("error").GetProperty("file").GetString());
        Assert.Equal("a.b", run.Json.GetProperty("error").GetProperty("tensor").GetString());
    }

    [Fact]
    public async Task Inspect_HostileName_CannotMoveTheCursorOrAddLines()
    {
        FakeService service = new() { OnInspect = () => throw new ModelFormatException("tensor a\u001b[2J\r\nerror: b is odd") };
        CommandLineRun run = await CommandLineRun.OfAsync(service, "inspect", "m");
        Assert.Equal("error: tensor a\\u001b[2J error: b is odd\n", run.Error);
    }

    [Theory]
    [InlineData(true, true, null, 0)]
    [InlineData(true, true, true, 0)]
    [InlineData(false, true, false, 4)]
    [InlineData(false, false, true, 3)]
    [InlineData(false, false, false, 3)]
    [InlineData(false, true, true, 3)]
    public async Task Validate_Report_DecidesTheExitCode(bool passed, bool structure, bool? quality, int exitCode)
    {
        ValidationReport report = SampleDocuments.Validation with
        {
            Passed = passed,
            StructureOk = structure,
            QualityOk = quality,
            Problems = structure ? [] : ["data.parquet: hash differs"],
        };
        FakeService service = new() { OnValidate = () => report };
        CommandLineRun run = await CommandLineRun.OfAsync(service, "validate", "o", "q", "--json");
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Equal(passed, run.Json.GetProperty("passed").GetBoolean());
        Assert.Equal(exitCode != 0, run.Json.TryGetProperty("error", out JsonElement error));
        if (exitCode != 0) Assert.Equal(exitCode, error.GetProperty("exit_code").GetInt32());
        Assert.Equal(exitCode == 0 ? 0 : 1, run.ErrorLines.Length);
    }

    private sealed class FullWriter : StringWriter
    {
        public override void Write(string? value) => throw new IOException("No space left on device");

        public override Task WriteAsync(string? value) => throw new IOException("No space left on device");
    }

    private static Exception Make(string what) => what switch
    {
        "configuration" => new ConfigurationException(["bit_width: 3 is not valid"]),
        "model_not_found" => new ModelNotFoundException("m does not exist"),
        "model_format" => new ModelFormatException("m is cut short"),
        "calibration" => new CalibrationException("c has no samples"),
        "shape_mismatch" => new ShapeMismatchException("4 x 4 is not 4 x 5"),
        "quality" => new QuantizationException("all attempts failed")
        {
            Attempts = [SampleDocuments.Attempts[0], SampleDocuments.Attempts[1] with { CosineSimilarity = double.NaN, Passed = false }],
            Events = SampleDocuments.Fallback.Events,
            Rates = SampleDocuments.Fallback.Rates,
        },
        "resource" => new ResourceException("x exists"),
        "io" => new IOException("No space left on device"),
        "access" => new UnauthorizedAccessException("Access to x is denied"),
        "memory" => new InsufficientMemoryException("out of memory"),
        "argument" => new ArgumentException("bad argument"),
        "not_cancelled_by_us" => new OperationCanceledException("a task was cancelled"),
        _ => new InvalidOperationException("unforeseen"),
    };
}
