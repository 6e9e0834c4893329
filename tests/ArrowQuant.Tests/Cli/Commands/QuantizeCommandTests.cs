using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using Microsoft.Extensions.Logging;

namespace ArrowQuant.Tests.Cli.Commands;

public sealed class QuantizeCommandTests
{
    private readonly FakeService _service = new();

    [Fact]
    public async Task Quantize_EveryOption_ReachesTheService()
    {
        CommandLineRun run = await RunAsync(
            "quantize", "model", "-o", "out", "--bit-width", "2", "--modality", "audio", "--num-time-groups", "7",
            "--time-partition", "optimal", "--group-size", "64", "--no-time-aware", "--no-spatial", "--min-accuracy", "0.7",
            "--calibration", "c.safetensors", "--calibration-samples", "64", "--profile", "cloud",
            "--fail-fast", "--fallback-scope", "layer", "--keep-min-accuracy",
            "--accuracy-metric", "weight", "--min-layer-accuracy", "0.1", "--minimax-time-weighting", "--no-skip-sensitive",
            "--sensitive-layer-names", "n", "--sensitive-layer-patterns", "p.*", "--include", "i1", "--include", "i2", "--exclude", "-e",
            "--bits", "a=4", "--bits", "(?=x)y=16", "--variant", "fp16", "--compression", "zstd", "--threads", "3", "--max-memory", "4GiB",
            "--hessian-block", "512", "--layout", "trellis6", "--rotation", "auto", "--rotation-seed", "9",
            "--no-streaming", "--allow-requantize", "--sha256", "--force", "--resume", "--reuse", "old");
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(("model", "out"), (_service.Quantized!.ModelPath, _service.OutputPath));
        Assert.Equal(
            new QuantizationRunOptions
            {
                CalibrationPath = "c.safetensors",
                Variant = "fp16",
                AllowRequantize = true,
                Sha256 = true,
                Force = true,
                Resume = true,
                ReusePath = "old",
            },
            _service.Quantized.Options);
        Assert.Equal(
            new DiffusionQuantConfig
            {
                BitWidth = 2,
                Modality = Modality.Audio,
                NumTimeGroups = 7,
                TimePartition = TimePartition.Optimal,
                GroupSize = 64,
                EnableTimeAware = false,
                EnableSpatial = false,
                MinAccuracy = 0.7,
                CalibrationSamples = 64,
                DeploymentProfile = DeploymentProfile.Cloud,
                FailFast = true,
                FallbackScope = FallbackScope.Layer,
                KeepMinAccuracy = true,
                AccuracyMetric = AccuracyMetric.Weight,
                MinLayerAccuracy = 0.1,
                MinimaxTimeWeighting = true,
                SkipSensitiveLayers = false,
                SensitiveLayerNames = ["n"],
                SensitiveLayerPatterns = ["p.*"],
                IncludeLayers = ["i1", "i2"],
                ExcludeLayers = ["-e"],
                LayerBitWidths = [new("a", 4), new("(?=x)y", 16)],
                Compression = Compression.Zstd,
                NumThreads = 3,
                MaxMemoryMb = 4096,
                HessianBlock = 512,
                Layout = LayoutChoice.Trellis6,
                Rotation = RotationChoice.Auto,
                RotationSeed = 9,
                EnableStreaming = false,
            },
            _service.Quantized.Config);
    }

    [Fact]
    public async Task Quantize_NoOption_UsesTheDefaults()
    {
        CommandLineRun run = await RunAsync("quantize", "model", "-o", "out");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(new DiffusionQuantConfig(), _service.Quantized!.Config);
        Assert.Equal(new QuantizationRunOptions(), _service.Quantized.Options);
        Assert.True(_service.HadProgress);
        Assert.Null(_service.Kernels);
    }

    [Fact]
    public async Task Quantize_WholeSettingNames_AreOptionsToo()
    {
        await RunAsync(
            "quantize", "m", "-o", "x", "--num-threads", "2", "--max-memory-mb", "100", "--deployment-profile", "edge",
            "--no-enable-time-aware", "--layer-bit-widths", "a=8", "--enable-spatial", "--no-skip-sensitive-layers",
            "--include-layers", "b");
        Assert.Equal(
            DiffusionQuantConfig.FromProfile(DeploymentProfile.Edge) with
            {
                NumThreads = 2,
                MaxMemoryMb = 100,
                EnableTimeAware = false,
                LayerBitWidths = [new("a", 8)],
                EnableSpatial = true,
                SkipSensitiveLayers = false,
                IncludeLayers = ["b"],
            },
            _service.Quantized!.Config);
    }

    [Fact]
    public async Task Quantize_ErrorsOfEveryOrigin_AreAllToldBeforeTheModelIsOpened()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("c.yaml", "# comment\ngroup_size: 100\ngrop_size: 3\n");
        Dictionary<string, string> environment = new()
        {
            ["ARROW_QUANT_MIN_ACCURACY"] = "2",
            ["ARROW_QUANT_BITWIDTH"] = "4",
            ["ARROW_QUANT_KERNELS"] = "avx",
        };
        CommandLineRun run = await CommandLineRun.OfAsync(
            _service, environment, TestContext.Current.CancellationToken, "quantize", "--config", file,
            "--bit-width", "3", "--spatial", "--no-spatial", "--calibration", "");
        Assert.Equal(2, run.ExitCode);
        Assert.Equal(0, _service.Calls);
        Assert.Equal(
            [
                "error: MODEL is missing; usage: arrowquant quantize MODEL -o DIR [options]",
                "error: --output DIR is missing; usage: arrowquant quantize MODEL -o DIR [options]",
                $"error: {file}:3 grop_size: unknown name; the nearest valid name is group_size",
                "error: ARROW_QUANT_BITWIDTH: unknown variable; the nearest valid name is ARROW_QUANT_BIT_WIDTH",
                "error: --spatial: given together with --no-spatial; give one of them",
                $"error: {file}:2 group_size: 100 is not valid; valid: 32, 64, 128, 256",
                "error: ARROW_QUANT_MIN_ACCURACY: 2 is not valid; valid: 0..1",
                "error: --bit-width: 3 is not valid; valid: 2, 4, 8",
                "error: --calibration: an empty value is not valid; valid: a path, or none",
                "error: ARROW_QUANT_KERNELS: avx is not a kernel set; valid: scalar, v128, v256, v512, or not set to choose the fastest",
            ],
            run.ErrorLines);
    }

    [Fact]
    public async Task Quantize_ConfigurationErrors_AreSeparateInJson()
    {
        CommandLineRun run = await RunAsync("quantize", "m", "-o", "x", "--bit-width", "3", "--group-size", "1", "--json");
        Assert.Equal(2, run.Json.GetProperty("error").GetProperty("errors").GetArrayLength());
    }

    [Theory]
    [InlineData("none", true, null)]
    [InlineData("c.safetensors", false, "c.safetensors")]
    public async Task Quantize_Calibration_NoneIsNoPath(string text, bool none, string? path)
    {
        await RunAsync("quantize", "m", "-o", "x", "--calibration", text);
        Assert.Equal((none, path), (_service.Quantized!.Options.NoCalibration, _service.Quantized.Options.CalibrationPath));
    }

    [Fact]
    public async Task Quantize_OutputMetricWithoutCalibration_IsRefused()
    {
        CommandLineRun run = await RunAsync("quantize", "m", "-o", "x", "--calibration", "none", "--accuracy-metric", "output");
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith(
            "error: --calibration: none cannot serve accuracy_metric output (--accuracy-metric); give calibration data",
            Assert.Single(run.ErrorLines),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quantize_Kernels_ReachTheService()
    {
        Dictionary<string, string> environment = new() { ["ARROW_QUANT_KERNELS"] = "v128" };
        await CommandLineRun.OfAsync(_service, environment, TestContext.Current.CancellationToken, "quantize", "m", "-o", "x");
        Assert.Equal("v128", _service.Kernels);
    }

    [Fact]
    public async Task Quantize_Quiet_HasNoProgress()
    {
        CommandLineRun run = await RunAsync("quantize", "m", "-o", "x", "--quiet");
        Assert.False(_service.HadProgress);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Quantize_Json_PrintsTheReportAndNothingElse()
    {
        CommandLineRun run = await RunAsync("quantize", "m", "-o", "x", "--json");
        Assert.Equal(ArrowQuant.Reporting.ReportJson.Serialize(SampleDocuments.Result), run.Output);
    }

    [Fact]
    public async Task Quantize_Result_IsAShortBlock()
    {
        CommandLineRun run = await RunAsync("quantize", "m", "-o", "x");
        Assert.Equal(
            """
            quantized    out/llada-int4
            model        text, r2q + time_aware
            width        INT4 (requested INT2)
            accuracy     0.9953  (weight cosine, threshold 0.85)
            worst layer  0.9912  blocks.3.mlp.fc2.weight
            size         12.4 MiB  (7.36 times smaller, 4.29 bits per weight)
            layers       2 quantized (INT4 2); 3 kept (vector 2, sensitive 1)
            time         1.9 s

            attempts
              INT2  0.9431 for 0.99  failed: 0.9431 after 9 of 34 layers; at most 0.9874 was still reachable  (0.4 s)
              INT4  0.9953 for 0.85  passed  (1.3 s)

            fallbacks
              INT4  time_aware -> base on 2 layers: no calibration data

            notes
              modality text from config.json (LLaDAModelLM)

            """,
            Trimmed(run.Output));
    }

    [Fact]
    public async Task Quantize_DryRun_PrintsThePlanWithoutAnOutputPath()
    {
        CommandLineRun run = await RunAsync("quantize", "m", "--dry-run");
        Assert.Equal(0, run.ExitCode);
        Assert.Null(_service.OutputPath);
        Assert.Equal(
            """
            model     models/llada  (safetensors)
            strategy  text, r2q + time_aware
            width     INT4 first
            size      2.1 MiB -> about 616.5 KiB, 3.43 times smaller
            layers    1 to quantize, 1 to keep

            to quantize
            name                      shape       type  width  method  enhancement    bytes  predicted
            blocks.0.attn.qkv.weight  1152 x 384  F32   INT4   r2q     time_aware   1.7 MiB  229.5 KiB

            to keep
            name        shape      type  reason
            wte.weight  258 x 384  F32   sensitive

            """,
            Trimmed(run.Output));
    }

    [Fact]
    public async Task Quantize_DryRunJson_IsThePlan()
    {
        CommandLineRun run = await RunAsync("quantize", "m", "--dry-run", "--json");
        Assert.Equal("wte.weight", run.Json.GetProperty("kept")[0].GetProperty("name").GetString());
        Assert.Equal(631_296, run.Json.GetProperty("predicted_bytes").GetInt64());
        Assert.Equal("F32", run.Json.GetProperty("layers")[0].GetProperty("source_dtype").GetString());
    }

    [Theory]
    [InlineData(false, "warning: time_aware failed\n")]
    [InlineData(true, "info: opened\nwarning: time_aware failed\n")]
    public async Task Quantize_LibraryLog_GoesToStandardError(bool verbose, string expected)
    {
        FakeService? service = null;
        service = new()
        {
            OnQuantize = _ =>
            {
#pragma warning disable CA1848, CA2254 // The test plays the library with plain texts.
                service!.Logger!.LogInformation("opened");
                service.Logger!.LogWarning("time_aware\nfailed");
#pragma warning restore CA1848, CA2254
                return SampleDocuments.Result;
            },
        };
        string[] args = ["quantize", "m", "-o", "x", .. verbose ? new[] { "--verbose" } : []];
        Assert.Equal(expected, (await CommandLineRun.OfAsync(service, args)).Error);
    }

    private static string Trimmed(string text) => string.Join('\n', text.Split('\n').Select(line => line.TrimEnd()));

    private Task<CommandLineRun> RunAsync(params string[] args) => CommandLineRun.OfAsync(_service, args);
}
