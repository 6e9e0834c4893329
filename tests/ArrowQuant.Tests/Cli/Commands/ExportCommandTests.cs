using ArrowQuant.Cli;
using ArrowQuant.Exports;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Cli.Commands;

public sealed class ExportCommandTests
{
    private readonly FakeService _service = new();

    [Fact]
    public async Task Export_OptionsOfSafetensors_ReachTheLibrary()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(
            _service, "export", "a", "--format", "safetensors", "-o", "b", "--dtype", "bf16", "--packing", "compressed-tensors",
            "--shard-size", "2GiB", "--force");
        Assert.Equal(("", 0), (run.Error, run.ExitCode));
        ExportOptions expected = new()
        {
            Format = ExportFormat.SafeTensors,
            Dtype = ElementType.BF16,
            Packing = ExportPacking.CompressedTensors,
            ShardBytes = 2L << 30,
            Force = true,
        };
        Assert.Equal(new ExportRequest("a", "b", expected), _service.Exported);
    }

    [Fact]
    public async Task Export_OptionsOfGguf_ReachTheLibrary()
    {
        await CommandLineRun.OfAsync(
            _service, "export", "a", "--format", "gguf", "-o", "b", "--architecture", "flux", "--error-share", "0.5", "--reshape");
        ExportOptions expected = new() { Format = ExportFormat.Gguf, Architecture = "flux", ErrorShare = 0.5, ReshapeConvolutions = true };
        Assert.Equal(new ExportRequest("a", "b", expected), _service.Exported);
    }

    [Fact]
    public async Task Export_Report_IsPrintedAsATable()
    {
        CommandLineRun run = await CommandLineRun.OfAsync(_service, "export", "a", "--format", "gguf", "-o", "b");
        Assert.Equal(
            """
            exported  b
            format    gguf
            files     model.gguf (4.0 KiB)
            layers    Q4_1 1
            kept      F32 1
            size      2.9 KiB  (in the artefact 2.4 KiB)
            verified  1 of 2 tensors exact; largest relative error 1.2e-4

            layers
            name                      from         stored as  bits  before  relative error  note
            blocks.0.attn.qkv.weight  int4 affine  Q4_1          5    4.25          1.2e-4  a note

            """,
            string.Join('\n', run.Output.Split('\n').Select(line => line.TrimEnd())));
    }
}
