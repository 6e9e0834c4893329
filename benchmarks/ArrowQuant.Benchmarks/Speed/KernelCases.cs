using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>The kernels that are measured.</summary>
internal static class KernelCases
{
    private const int Columns = 4096;
    private const int Rows = 16;

    /// <summary>All cases.</summary>
    public static IEnumerable<KernelCase> All(KernelSet kernels, KernelData data)
    {
        foreach ((string name, NativeBuffer source, FloatFormat format) in new[]
        {
            ("F16", data.Half, FloatFormat.Half), ("BF16", data.BFloat16, FloatFormat.BFloat16), ("F32", data.Single, FloatFormat.Single),
        })
        {
            yield return Quantize(kernels, $"{name} -> INT8", source, format, 8, new Grid(CodeLayout.Affine, AffineSearch.MinMax), 128);
            yield return Quantize(kernels, $"{name} -> INT4 min-max", source, format, 4, new Grid(CodeLayout.Affine, AffineSearch.MinMax), 128);
            yield return Quantize(kernels, $"{name} -> INT2 min-max", source, format, 2, new Grid(CodeLayout.Affine, AffineSearch.MinMax), 128);
        }

        yield return Quantize(kernels, "F16 -> INT4 min-max g64", data.Half, FloatFormat.Half, 4, new Grid(CodeLayout.Affine, AffineSearch.MinMax), 64);
        yield return Quantize(kernels, "F16 -> INT4 min-max g32", data.Half, FloatFormat.Half, 4, new Grid(CodeLayout.Affine, AffineSearch.MinMax), 32);
        yield return Quantize(kernels, "F16 -> INT4 base", data.Half, FloatFormat.Half, 4, new Grid(CodeLayout.Affine, AffineSearch.IntegerZero), 128);
        yield return Quantize(kernels, "F16 -> INT2 affine", data.Half, FloatFormat.Half, 2, new Grid(CodeLayout.Affine, AffineSearch.FreeZero), 128);
        yield return Quantize(kernels, "F16 -> INT2 r2q", data.Half, FloatFormat.Half, 2, new Grid(CodeLayout.Lattice2, AffineSearch.MinMax), 128);
        yield return Quantize(kernels, "F16 -> INT2 r2q offset", data.Half, FloatFormat.Half, 2, new Grid(CodeLayout.Lattice3, AffineSearch.MinMax), 128);
    }

    private static KernelCase Quantize(
        KernelSet kernels, string name, NativeBuffer source, FloatFormat type, int bits, Grid grid, int groupSize)
    {
        var format = new QuantizedFormat
        {
            BitWidth = bits,
            Layout = grid.Layout,
            Groups = new GroupLayout(Columns, groupSize),
        };
        int bytes = FloatConversion.ByteSize(type);
        int partBytes = Rows * Columns * bytes;
        int parts = (int)Math.Min(source.Bytes / partBytes, grid.Search == AffineSearch.MinMax && grid.Layout == CodeLayout.Affine ? 2048 : 256);
        ErrorSums Part(RowQuantizer quantizer, QuantizedBlock block, float[] weights, int part)
        {
            kernels.ToSingle(type, source.Slice((long)part * partBytes, partBytes), weights);
            return quantizer.Quantize(weights, block, 0).Weights;
        }

        (RowQuantizer, QuantizedBlock, float[]) New() => (
            new RowQuantizer(kernels, format, new PlainCoder(kernels, new GridFit(kernels, format, grid.Search), [])),
            new QuantizedBlock(format, 0, Rows),
            new float[Rows * Columns]);
        return new KernelCase
        {
            Name = name,
            Bytes = (long)parts * partBytes,
            BytesPerParameter = bytes,
            Run = threads => Crew.Run(threads, parts, () =>
            {
                (RowQuantizer quantizer, QuantizedBlock block, float[] weights) = New();
                return part => Part(quantizer, block, weights, part);
            }),
            Error = () =>
            {
                (RowQuantizer quantizer, QuantizedBlock block, float[] weights) = New();
                double nmse = LayerFigures.From(Part(quantizer, block, weights, 0)).Nmse;
                return (nmse, bits + (grid.Layout == CodeLayout.Affine ? 11.0 + bits : 16.0 * format.LevelsPerGroup) / groupSize);
            },
        };
    }
}
