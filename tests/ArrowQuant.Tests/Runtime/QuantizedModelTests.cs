using System.Runtime.InteropServices;
using Apache.Arrow;
using ArrowQuant.Errors;
using ArrowQuant.Kernels;
using ArrowQuant.Runtime;
using ArrowQuant.Storage;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;
using ArrowQuant.Tests.Storage;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Runtime;

/// <summary>Models that a program calculates with, on artefacts of every layout.</summary>
public sealed class QuantizedModelTests : IDisposable
{
    private readonly StorageFolder _folder = new();

    public static TheoryData<int, CodeLayout, int, int> Codings { get; } = new()
    {
        { 2, CodeLayout.Affine, 300, 128 },
        { 2, CodeLayout.Lattice2, 300, 32 },
        { 2, CodeLayout.Lattice3, 300, 64 },
        { 2, CodeLayout.Lattice3, 75, 300 },
        { 4, CodeLayout.Affine, 300, 32 },
        { 4, CodeLayout.Affine, 300, 256 },
        { 4, CodeLayout.Affine, 75, 75 },
        { 8, CodeLayout.Affine, 300, 64 },
        { 8, CodeLayout.Affine, 300, 300 },
        { 4, CodeLayout.Affine, 300, 48 }, // never written, but the format has it
        { 2, CodeLayout.Lattice2, 75, 7 },
        { 2, CodeLayout.Trellis4, 300, 128 },
        { 2, CodeLayout.Trellis6, 300, 300 },
        { 2, CodeLayout.Trellis6, 300, 64 },
    };

    [Theory]
    [MemberData(nameof(Codings))]
    public void MatVec_EveryCoding_AgreesWithDecodedWeights(int bits, CodeLayout layout, int columns, int groupSize)
    {
        foreach ((bool equalized, bool rotated) in new[] { (false, false), (true, false), (false, true), (true, true) })
        {
            float[]? scales = equalized ? [2f, 0.5f, 1.25f] : null;
            QuantizedFormat format = StorageSamples.Format(bits, layout, columns, groupSize, scales);
            if (rotated) format = format with { Rotation = new HadamardRotation(7, format.Groups) };
            Write("w", [150, columns], format, 0, 70);
            using QuantizedModel model = QuantizedModel.Open(_folder.Path);
            AssertProducts(model, "w");
            Directory.Delete(_folder.Path, recursive: true);
        }
    }

    [Theory]
    [InlineData(2, CodeLayout.Trellis6)]
    [InlineData(4, CodeLayout.Affine)]
    public void MatVec_RotatedGroups_AgreesWithDecodedWeights(int bits, CodeLayout layout)
    {
        QuantizedFormat format = StorageSamples.Format(bits, layout, 300, 64);
        Write("w", [150, 300], format with { Rotation = new HadamardRotation(5, format.Groups) }, 0, 70);
        using QuantizedModel model = QuantizedModel.Open(_folder.Path);
        AssertProducts(model, "w");
    }

    [Theory]
    [InlineData("scalar", 1)]
    [InlineData("v128", 2)]
    [InlineData("v256", 3)]
    [InlineData("v512", 2)]
    public void MatMul_AnyKernelsAndThreads_GivesTheSameBytes(string width, int threads)
    {
        QuantizedFormat format = StorageSamples.Format(4, CodeLayout.Affine, 4096, 128, [2f, 0.5f]);
        Write("w", [300, 4096], format, 0, 110);
        float[] inputs = new SeededNumbers(3).Gaussian(3 * 4096);
        float[] expected = new float[3 * 300], outputs = new float[3 * 300];
        using (QuantizedModel one = QuantizedModel.Open(_folder.Path, 1, KernelSet.Create("scalar"))) one.MatMul("w", inputs, 3, expected);
        using QuantizedModel model = QuantizedModel.Open(_folder.Path, threads, KernelSet.Create(width));
        using QuantizedLayer layer = model.GetLayer("w");
        layer.MatMul(inputs, 3, outputs);
        Assert.Equal(expected, outputs);
        for (int a = 0; a < 3; a++)
        {
            float[] alone = new float[300];
            layer.MatVec(inputs.AsSpan(a * 4096, 4096), alone);
            Assert.Equal(expected.AsSpan(a * 300, 300).ToArray(), alone);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Dequantize_ConvolutionOfEitherAxis_IsInTheOrderOfItsShape(int rowAxis)
    {
        long[] shape = rowAxis == 0 ? [24, 16, 3, 3] : [16, 24, 3, 3];
        Write("conv", shape, StorageSamples.Format(4, CodeLayout.Affine, 144, 64), rowAxis, 10);
        using QuantizedModel model = QuantizedModel.Open(_folder.Path);
        using ArtefactReader reader = ArtefactReader.Open(_folder.Path);
        float[] expected = reader.ReadLayer("conv");
        float[] singles = new float[expected.Length];
        Half[] halves = new Half[expected.Length];
        ushort[] brains = new ushort[expected.Length];
        model.Dequantize("conv", singles);
        model.Dequantize("conv", halves);
        model.DequantizeBFloat16("conv", brains);
        Assert.Equal(expected, singles);
        Assert.Equal(expected.Select(w => (Half)w), halves);
        Assert.All(expected.Zip(brains), pair => Assert.True(
            Math.Abs(BitConverter.UInt32BitsToSingle((uint)pair.Second << 16) - pair.First) <= Math.Abs(pair.First) / 256));
        AssertProducts(model, "conv");
    }

    [Fact]
    public void DequantizeRows_AcrossBlocks_AreThoseOfTheReader()
    {
        Write("w", [150, 300], StorageSamples.Format(2, CodeLayout.Lattice3, 300, 128), 0, 70);
        using QuantizedModel model = QuantizedModel.Open(_folder.Path);
        using ArtefactReader reader = ArtefactReader.Open(_folder.Path);
        using QuantizedLayer layer = model.GetLayer("w");
        foreach ((int start, int count) in new[] { (0, 1), (69, 2), (60, 90), (149, 1), (150, 0), (0, 150) })
        {
            float[] expected = new float[count * 300], rows = new float[count * 300];
            Half[] halves = new Half[count * 300];
            ushort[] brains = new ushort[count * 300];
            reader.ReadRows("w", start, count, expected);
            layer.DequantizeRows(start, count, rows);
            layer.DequantizeRows(start, count, halves);
            layer.DequantizeRowsBFloat16(start, count, brains);
            Assert.Equal(expected, rows);
            Assert.Equal(expected.Select(w => (Half)w), halves);
            Assert.Equal(count * 300, brains.Count(bits => (bits & 0x7FFF) != 0));
        }

        Assert.Equal(0, layer.BytesInMemory);
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.F64)]
    public void MatVec_KeptMatrix_WorksInFloat(ElementType type)
    {
        float[] values = new SeededNumbers(8).Gaussian(40 * 50);
        byte[] bytes = type switch
        {
            ElementType.F32 => MemoryMarshal.AsBytes<float>(values).ToArray(),
            ElementType.F16 => MemoryMarshal.AsBytes<Half>([.. values.Select(v => (Half)v)]).ToArray(),
            ElementType.BF16 => MemoryMarshal.AsBytes<ushort>([.. values.Select(Upper)]).ToArray(),
            _ => MemoryMarshal.AsBytes<double>([.. values.Select(v => (double)v)]).ToArray(),
        };
        StorageSamples.WriteArtefact(
            _folder.Path, writer => writer.WriteKept(StorageSamples.Kept("head.weight", [40, 50], type), 0, 40, bytes, 1));
        using QuantizedModel model = QuantizedModel.Open(_folder.Path);
        AssertProducts(model, "head.weight");

        static ushort Upper(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
    }

    [Fact]
    public void GetLayer_Handles_ShareTheirMemoryUntilTheLastIsDisposed()
    {
        Write("w", [150, 300], StorageSamples.Format(4, CodeLayout.Affine, 300, 128), 0, 70);
        using QuantizedModel model = QuantizedModel.Open(_folder.Path);
        QuantizedLayer first = model.GetLayer("w");
        QuantizedLayer second = model.GetLayer("w");
        first.MatVec(new float[300], new float[150]);
        Assert.Equal(150 * (150 + 3 * 8), second.BytesInMemory);
        first.Dispose();
        first.Dispose();
        Assert.Equal(150 * (150 + 3 * 8), second.BytesInMemory);
        second.Dispose();
        using QuantizedLayer third = model.GetLayer("w");
        Assert.Equal(0, third.BytesInMemory);
        Assert.Throws<ObjectDisposedException>(() => first.MatVec(new float[300], new float[150]));
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => third.MatVec(new float[300], new float[150]));
        Assert.Throws<ObjectDisposedException>(() => model.GetLayer("w"));
    }

    [Fact]
    public void MatVec_FromManyThreads_GivesEachItsOwn()
    {
        Write("w", [150, 300], StorageSamples.Format(4, CodeLayout.Affine, 300, 128), 0, 70);
        using QuantizedModel model = QuantizedModel.Open(_folder.Path);
        float[][] inputs = [.. Enumerable.Range(0, 16).Select(i => new SeededNumbers((ulong)i).Gaussian(300))];
        float[][] expected = [.. inputs.Select(input => Product(model, input))];
        float[][] found = new float[16][];
        Parallel.For(0, 16, i => found[i] = Product(model, inputs[i]));
        Assert.Equal(expected, found);

        static float[] Product(QuantizedModel model, float[] input)
        {
            float[] output = new float[150];
            model.MatVec("w", input, output);
            return output;
        }
    }

    [Fact]
    public void ToRecordBatches_HaveTheArraysInMemory()
    {
        Write("w", [150, 300], StorageSamples.Format(4, CodeLayout.Affine, 300, 128), 0, 70);
        using QuantizedModel model = QuantizedModel.Open(_folder.Path);
        using QuantizedLayer layer = model.GetLayer("w");
        layer.MatVec(new float[300], new float[150]);
        RecordBatch[] batches = [.. layer.ToRecordBatches()];
        Assert.Equal([0UL, 70, 140], batches.Select(batch => ((UInt64Array)batch.Column("row_start")).GetValue(0)!.Value));
        Assert.Equal([70UL, 70, 10], batches.Select(batch => ((UInt64Array)batch.Column("row_count")).GetValue(0)!.Value));
        Assert.Equal("affine", batches[0].Schema.Metadata["layout"]);
        Assert.Equal("[150, 300]", batches[0].Schema.Metadata["shape"]);
        var data = (LargeBinaryArray)batches[2].Column("data");
        using ArtefactReader reader = ArtefactReader.Open(_folder.Path);
        QuantizedBlock block = reader.ReadBlock(reader.Layers[0], 2);
        Assert.Equal(block.Codes, data.GetBytes(0).ToArray());
        Assert.Equal(block.Scales, ((FloatArray)((ListArray)batches[2].Column("scales")).GetSlicedValues(0)).Values.ToArray());
        Assert.Equal(block.ZeroPoints, ((FloatArray)((ListArray)batches[2].Column("zero_points")).GetSlicedValues(0)).Values.ToArray());
        Assert.Equal(0, ((ListArray)batches[2].Column("levels")).GetValueLength(0));

        // The same memory both times: nothing was copied.
        var again = (LargeBinaryArray)layer.ToRecordBatches().Last().Column("data");
        Assert.True(again.GetBytes(0) == data.GetBytes(0));

        using RecordBatch decoded = layer.DequantizeToRecordBatch(60, 20);
        float[] expected = new float[20 * 300];
        reader.ReadRows("w", 60, 20, expected);
        var weights = (FixedSizeListArray)decoded.Column("weights");
        Assert.Equal(20, weights.Length);
        Assert.Equal(expected, ((FloatArray)weights.Values).Values.ToArray());
    }

    [Fact]
    public void Calls_WithWrongArguments_AreRefused()
    {
        QuantizedFormat format = StorageSamples.Format(4, CodeLayout.Affine, 300, 128);
        StorageSamples.WriteArtefact(_folder.Path, writer =>
        {
            writer.WriteBlock(StorageSamples.Layer("w", [4, 300], format), StorageSamples.Block(format, 0, 4), 1, 0.9, 0.1);
            writer.WriteKept(StorageSamples.Kept("ids", [4, 2], ElementType.I64), 0, 4, StorageSamples.Bytes(64), 1);
        });
        using QuantizedModel model = QuantizedModel.Open(_folder.Path);
        Assert.Contains("has no tensor nothing", Refused(() => model.GetLayer("nothing")));
        Assert.Contains("w: [1, 300] are 300 values, not 299", Refused(() => model.MatVec("w", new float[299], new float[4])));
        Assert.Contains("w: [1, 4] are 4 values, not 5", Refused(() => model.MatVec("w", new float[300], new float[5])));
        Assert.Contains("w: [4, 300] are 1200 values, not 1", Refused(() => model.Dequantize("w", new float[1])));
        Assert.Contains("ids holds int64 values, not weights", Refused(() => model.MatVec("ids", new float[2], new float[4])));
        Assert.Contains("ids holds int64 values, not weights", Refused(() => model.Dequantize("ids", new Half[8])));
        float[] both = new float[304];
        Assert.Contains("must not overlap", Refused(() => model.MatVec("w", both.AsSpan(0, 300), both.AsSpan(299, 4))));
        using QuantizedLayer layer = model.GetLayer("w");
        Assert.Throws<ArgumentOutOfRangeException>(() => layer.DequantizeRows(3, 2, new float[600]));
        Assert.Throws<ArgumentOutOfRangeException>(() => layer.DequantizeRows(-1, 1, new float[300]));
        Assert.Throws<ArgumentOutOfRangeException>(() => layer.MatMul(new float[300], -1, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => QuantizedModel.Open(_folder.Path, -1));
        layer.MatMul([], 0, []);
    }

    [Fact]
    public void Open_WhatIsNotWhole_IsRefused()
    {
        Write("w", [150, 300], StorageSamples.Format(4, CodeLayout.Affine, 300, 128), 0, 70);
        string shard = _folder[ArtefactLayout.ShardName(1, 1)];
        byte[] bytes = File.ReadAllBytes(shard);
        File.WriteAllBytes(shard, bytes[..^100]);
        ModelFormatException cut = Assert.Throws<ModelFormatException>(() => QuantizedModel.Open(_folder.Path));
        Assert.Contains("it was cut short or changed, copy it again", cut.Message);
        File.Delete(shard);
        Assert.Contains("is missing", Assert.Throws<ModelNotFoundException>(() => QuantizedModel.Open(_folder.Path)).Message);
        Assert.Throws<ModelNotFoundException>(() => QuantizedModel.Open(_folder["nowhere"]));
        File.WriteAllBytes(shard, bytes);
        File.Delete(_folder[ArtefactLayout.MetadataFile]);
        File.Delete(shard);
        Assert.Contains(
            "is not an ArrowQuant artefact", Assert.Throws<ModelFormatException>(() => QuantizedModel.Open(_folder.Path)).Message);
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder.Path)) _folder.Dispose();
    }

    private static string Refused(Action action)
    {
        ArgumentException failure = Assert.Throws<ArgumentException>(action);
        Assert.DoesNotContain('\n', failure.Message);
        return failure.Message;
    }

    private static void AssertProducts(QuantizedModel model, string name)
    {
        using QuantizedLayer layer = model.GetLayer(name);
        float[] weights = new float[layer.Rows * layer.Columns];
        layer.DequantizeRows(0, layer.Rows, weights);
        float[] inputs = new SeededNumbers(77).Gaussian(2 * layer.Columns);
        float[] outputs = new float[2 * layer.Rows];
        layer.MatMul(inputs, 2, outputs);
        Assert.InRange(ProductError.Of(weights, layer.Columns, inputs, outputs), 0, 1e-6);
    }

    private void Write(string name, long[] shape, QuantizedFormat format, int rowAxis, int rowsOfABlock) =>
        StorageSamples.WriteArtefact(_folder.Path, writer =>
        {
            LayerHeader header = StorageSamples.Layer(name, shape, format, rowAxis);
            int rows = (int)header.View.Rows;
            for (int first = 0; first < rows; first += rowsOfABlock)
            {
                int count = Math.Min(rowsOfABlock, rows - first);
                bool last = first + count == rows;
                writer.WriteBlock(
                    header, StorageSamples.Block(format, first, count, first + 1), 1, last ? 0.9 : null, last ? 0.1 : null);
            }
        });
}
