using ArrowQuant.Errors;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Storage;

public sealed class PlanTests
{
    [Fact]
    public void Plan_FullFile_BeginsANewOne()
    {
        TensorInfo[] tensors = [Tensor("a", 60), Tensor("b", 40), Tensor("c", 1), Tensor("d", 300), Tensor("e", 5)];

        IReadOnlyList<PlannedShard> plan = ShardPlan.Plan(tensors, shardBytes: 100);

        Assert.Equal(
            [
                "model-00001-of-00003.parquet: 0 1 = 100",
                "model-00002-of-00003.parquet: 2 3 = 301",
                "model-00003-of-00003.parquet: 4 = 5",
            ],
            plan.Select(Describe));
    }

    [Fact]
    public void Plan_Components_CountOnTheirOwn()
    {
        TensorInfo[] tensors = [Tensor("a", 100, "unet"), Tensor("b", 100, "unet"), Tensor("c", 1, "text_encoder"), Tensor("d", 1)];

        IReadOnlyList<PlannedShard> plan = ShardPlan.Plan(tensors, shardBytes: 100);

        Assert.Equal(
            [
                "unet/model-00001-of-00002.parquet: 0 = 100",
                "unet/model-00002-of-00002.parquet: 1 = 100",
                "text_encoder/model-00001-of-00001.parquet: 2 = 1",
                "model-00001-of-00001.parquet: 3 = 1",
            ],
            plan.Select(Describe));
    }

    [Fact]
    public void Plan_DefaultLimit_Is512MiB()
    {
        TensorInfo[] tensors = [Tensor("a", (512L << 20) - 1), Tensor("b", 1), Tensor("c", 1)];

        Assert.Equal([[0, 1], [2]], ShardPlan.Plan(tensors).Select(shard => shard.TensorIndices));
        Assert.Empty(ShardPlan.Plan([]));
    }

    [Theory]
    [InlineData(4096, 4096, ElementType.F32, 4, 512)] // 8 MiB of source is reached first
    [InlineData(4096, 4096, ElementType.F16, 4, 1024)]
    [InlineData(4096, 4096, ElementType.F16, 8, 1024)] // both limits at once
    [InlineData(4096, 4096, ElementType.F8E4M3, 8, 1024)] // 4 MiB of codes is reached first
    [InlineData(4096, 4096, ElementType.F32, null, 256)] // kept: the values are the data
    [InlineData(100, 64, ElementType.F32, 2, 100)]
    [InlineData(3, 3000000, ElementType.F32, 8, 1)] // a row larger than the limits
    [InlineData(1, 3000000, ElementType.F32, null, 1)]
    [InlineData(0, 0, ElementType.F32, null, 1)]
    [InlineData(7, 3, ElementType.F4, null, 6)] // 12 bits a row: two rows fill bytes
    public void RowsPerBlock_GivesWholeRowsWithinLimits(long rows, long columns, ElementType type, int? bits, int expected) =>
        Assert.Equal(expected, BlockPlan.RowsPerBlock(new MatrixView(rows, columns, 0), type, bits));

    [Theory]
    [InlineData(2147482623, ElementType.F32, 8, true)]
    [InlineData(2147482624, ElementType.F32, 8, false)]
    [InlineData(2147483648, ElementType.F16, 8, false)]
    [InlineData(4294965246, ElementType.F16, 4, true)]
    [InlineData(536870912, ElementType.F32, null, false)]
    public void RowsPerBlock_RowNear2GiB_IsOneBlockOrAnError(long columns, ElementType type, int? bits, bool fits)
    {
        MatrixView view = new(2, columns, 0);
        if (fits)
        {
            Assert.Equal(1, BlockPlan.RowsPerBlock(view, type, bits, "w"));
            return;
        }

        ModelFormatException e = Assert.Throws<ModelFormatException>(() => BlockPlan.RowsPerBlock(view, type, bits, "w"));
        Assert.StartsWith($"tensor w: a matrix row of {columns} columns would store ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("no Parquet value may reach 2 GiB", e.Message, StringComparison.Ordinal);
        Assert.Equal("w", e.TensorName);
    }

    [Fact]
    public void Blocks_CoverEveryRowOnce()
    {
        Assert.Equal([(0, 3), (3, 3), (6, 1)], BlockPlan.Blocks(new MatrixView(7, 5, 0), 3));
        Assert.Equal([(0, 3)], BlockPlan.Blocks(new MatrixView(3, 5, 0), 3));
        Assert.Equal([(0, 0)], BlockPlan.Blocks(new MatrixView(0, 5, 0), 1));
    }

    private static TensorInfo Tensor(string name, long bytes, string? component = null) => new()
    {
        Name = name,
        Shape = new TensorShape(bytes),
        ElementType = ElementType.U8,
        ByteLength = bytes,
        Component = component,
        FilePath = "model.safetensors",
    };

    private static string Describe(PlannedShard shard) =>
        $"{shard.RelativePath}: {string.Join(' ', shard.TensorIndices)} = {shard.SourceBytes}";
}
