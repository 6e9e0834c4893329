using ArrowQuant.Cli;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Validation;

namespace ArrowQuant.Tests.Cli.Commands;

public sealed class InspectAndValidateCommandTests
{
    [Fact]
    public async Task Inspect_QuantizedModel_ListsWidthsAndAccuracy()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(new FakeService(), "inspect", "m");
        Assert.Equal(
            """
            model     out/llada-int4  (parquet_v2_extended)
            type      llada
            modality  text
            tensors   2, 1 quantized
            size      616.5 KiB
            bits      4.25 per quantized weight

            tensors
            name                      shape       type  width  layout  method  accuracy      bytes
            blocks.0.attn.qkv.weight  1152 x 384  F32   INT4   affine  base      0.9953  229.5 KiB
            wte.weight                258 x 384   F32   kept                             387.0 KiB

            """,
            Trimmed(run.Output));
    }

    [Fact]
    public async Task Inspect_PlainModel_LeavesEmptyColumnsOut()
    {
        ModelInspection plain = new()
        {
            Path = "m",
            Format = "safetensors",
            TotalBytes = 64,
            Tensors = [new("a[0]", [], "F32", null, null, null, 64, null, null)],
        };
        CommandLineRun run = await CommandLineRun.OfAsync(new FakeService { OnInspect = () => plain }, "inspect", "m");
        Assert.Equal(
            """
            model     m  (safetensors)
            modality  not told by the metadata
            tensors   1
            size      64 B

            tensors
            name  shape   type  bytes
            a[0]  scalar  F32    64 B

            """,
            Trimmed(run.Output));
    }

    [Fact]
    public async Task Inspect_Json_IsTheInspection()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(new FakeService(), "inspect", "m", "--json");
        Assert.Equal(PipelineJson.Serialize(SampleDocuments.Inspection), run.Output);
        Assert.Equal(4, run.Json.GetProperty("tensors")[0].GetProperty("bit_width").GetInt32());
    }

    [Fact]
    public async Task Validate_Passed_ShowsTheThresholdAndWhereItIsFrom()
    {
        FakeService service = new();
        CommandLineRun run = await CommandLineRun.OfAsync(service, "validate", "o", "q");
        Assert.Equal(new ValidateRequest("o", "q", null, null), service.Validated);
        Assert.Equal(
            """
            artefact   q
            original   o
            layers     2 checked
            structure  ok
            accuracy   0.9953  (threshold 0.85 from report.json)
            verdict    passed

            layers
            name                      width  accuracy  reported
            blocks.1.attn.qkv.weight  INT4     0.9949    0.9949
            blocks.0.attn.qkv.weight  INT4     0.9953    0.9953

            """,
            Trimmed(run.Output));
    }

    [Fact]
    public async Task Validate_Options_ReachTheService()
    {
        FakeService service = new();
        await CommandLineRun.OfAsync(service, "validate", "o", "q", "--min-accuracy", "0.9", "--calibration", "c");
        Assert.Equal(new ValidateRequest("o", "q", 0.9, "c"), service.Validated);
    }

    [Fact]
    public async Task Validate_OneModel_IsTheArtefact()
    {
        FakeService service = new();
        await CommandLineRun.OfAsync(service, "validate", "q");
        Assert.Equal(new ValidateRequest(null, "q", null, null), service.Validated);
    }

    [Fact]
    public async Task Validate_BelowThreshold_SaysBothFiguresOnOneLine()
    {
        ValidationReport report = SampleDocuments.Validation with
        {
            Passed = false,
            QualityOk = false,
            MinAccuracy = 0.999,
            MinAccuracyOrigin = "--min-accuracy",
        };
        CommandLineRun run = await CommandLineRun.OfAsync(new FakeService { OnValidate = () => report }, "validate", "o", "q");
        Assert.Equal("error: q: accuracy 0.9953 does not pass the gate; the threshold is 0.999 (--min-accuracy)\n", run.Error);
        Assert.Contains("verdict    FAILED", run.Output, StringComparison.Ordinal);
    }

    private static string Trimmed(string text) => string.Join('\n', text.Split('\n').Select(line => line.TrimEnd()));
}
