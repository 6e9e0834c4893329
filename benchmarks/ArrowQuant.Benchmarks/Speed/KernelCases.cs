using System.Runtime.InteropServices;
using ArrowQuant.Kernels;
using ArrowQuant.Kernels.Trellis;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Speed;

/// <summary>The kernels that are measured.</summary>
internal static class KernelCases
{
    private const int Columns = 4096;
    private const int Rows = 16;

    private static readonly Grid Range = new(CodeLayout.Affine, AffineSearch.MinMax);

    /// <summary>All cases.</summary>
    public static IEnumerable<KernelCase> All(KernelSet kernels, KernelData data)
    {
        foreach ((string name, NativeBuffer source, FloatFormat format) in new[]
        {
            ("F16", data.Half, FloatFormat.Half), ("BF16", data.BFloat16, FloatFormat.BFloat16), ("F32", data.Single, FloatFormat.Single),
        })
        {
            yield return Quantize(kernels, $"{name} -> INT8", source, format, 8, Range, 128);
            yield return Quantize(kernels, $"{name} -> INT4 min-max", source, format, 4, Range, 128);
            yield return Quantize(kernels, $"{name} -> INT2 min-max", source, format, 2, Range, 128);
        }

        (string Name, int Bits, Grid Grid, int GroupSize)[] others =
        [
            ("INT4 min-max g64", 4, Range, 64),
            ("INT4 min-max g32", 4, Range, 32),
            ("INT4 base", 4, new Grid(CodeLayout.Affine, AffineSearch.IntegerZero), 128),
            ("INT2 affine", 2, new Grid(CodeLayout.Affine, AffineSearch.FreeZero), 128),
            ("INT2 r2q", 2, new Grid(CodeLayout.Lattice2, AffineSearch.MinMax), 128),
            ("INT2 r2q offset", 2, new Grid(CodeLayout.Lattice3, AffineSearch.MinMax), 128),
            ("INT2 trellis4", 2, new Grid(CodeLayout.Trellis4, AffineSearch.MinMax), 128),
            ("INT2 trellis6", 2, new Grid(CodeLayout.Trellis6, AffineSearch.MinMax), 128),
        ];
        foreach ((string name, int bits, Grid grid, int groupSize) in others)
            yield return Quantize(kernels, "F16 -> " + name, data.Half, FloatFormat.Half, bits, grid, groupSize);
    }

    /// <summary>Packed codes to F32 in memory, as a reader decodes rows.</summary>
    public static IEnumerable<KernelCase> Decoding(KernelSet kernels, KernelData data) =>
    [
        Dequantize(kernels, data, "INT4 -> F32", 4, CodeLayout.Affine),
        Dequantize(kernels, data, "INT2 affine -> F32", 2, CodeLayout.Affine),
        Dequantize(kernels, data, "INT2 trellis4 -> F32", 2, CodeLayout.Trellis4),
        Dequantize(kernels, data, "INT2 trellis6 -> F32", 2, CodeLayout.Trellis6),
    ];

    private static KernelCase Dequantize(KernelSet kernels, KernelData data, string name, int bits, CodeLayout layout)
    {
        const int BlockRows = 256;
        const int BlockWeights = BlockRows * Columns;
        var format = new QuantizedFormat { BitWidth = bits, Layout = layout, Groups = new GroupLayout(Columns, 128) };
        int parts = (int)(data.Target.Bytes / (BlockWeights * sizeof(float)));
        return new KernelCase
        {
            Name = name,
            Bytes = (long)parts * BlockWeights * sizeof(float),
            BytesPerParameter = sizeof(float),
            Writes = true,
            Run = threads => Crew.Run(threads, parts, () =>
            {
                var block = new QuantizedBlock(format, 0, BlockRows);
                data.Half.Slice(0, block.Codes.Length).CopyTo(block.Codes);
                block.Scales.AsSpan().Fill(0.01f);
                block.ZeroPoints.AsSpan().Fill(1.5f);
                return part =>
                {
                    Span<byte> bytes = data.Target.Slice((long)part * BlockWeights * sizeof(float), BlockWeights * sizeof(float));
                    BlockDecoder.Decode(kernels, block, 0, BlockRows, MemoryMarshal.Cast<byte, float>(bytes));
                };
            }),
        };
    }

    /// <summary>The steps of quantizing alone, on a piece that stays in a cache: where the time goes.</summary>
    public static IEnumerable<KernelCase> Steps(KernelSet kernels)
    {
        float[] weights = SyntheticModels.Values(WeightDistribution.Gaussian, Rows * Columns, 1);
        byte[] half = new byte[2 * weights.Length];
        for (int i = 0; i < weights.Length; i++) BitConverter.TryWriteBytes(half.AsSpan(2 * i), (Half)weights[i]);
        float[] scales = new float[weights.Length / 128];
        float[] zeros = new float[weights.Length / 128];
        float[] levels = new float[3 * scales.Length];
        byte[] codes = new byte[weights.Length];
        byte[] packed = new byte[weights.Length / 2];
        var coded = new CodedSums(Rows, Columns, 128);
        GroupRows Groups() => new(weights, Columns, 128);
        kernels.FitAffine(Groups(), 4, AffineSearch.MinMax, scales, zeros);
        Encode();
        void Encode()
        {
            for (int g = 0; g < scales.Length; g++)
                kernels.EncodeAffine(weights.AsSpan(128 * g, 128), scales[g], zeros[g], 4, codes.AsSpan(128 * g, 128));
        }

        yield return Step("step F16 -> F32", () => kernels.ToSingle(FloatFormat.Half, half, weights));
        yield return Step("step range fit", () => kernels.FitAffine(Groups(), 4, AffineSearch.MinMax, scales, zeros));
        yield return Step("step encode", Encode);
        yield return Step("step pack INT4", () => Codes.Pack(codes, 4, packed));
        yield return Step("step unpack INT4", () => Codes.Unpack(packed, 4, codes));
        yield return Step("step errors", () =>
        {
            ErrorSums sums = default;
            for (int r = 0; r < Rows; r++)
            {
                kernels.AddAffineErrors(
                    weights.AsSpan(r * Columns, Columns), codes.AsSpan(r * Columns, Columns), 128,
                    scales.AsSpan(r * 32, 32), zeros.AsSpan(r * 32, 32), 4, ref sums);
            }
        });
        void Code()
        {
            for (int r = 0; r < Rows; r++)
            {
                Span<float> own = scales.AsSpan(r * 32, 32);
                kernels.CodeAffineRow(
                    weights.AsSpan(r * Columns, Columns), 128, own, own, zeros.AsSpan(r * 32, 32), 4,
                    codes.AsSpan(r * Columns, Columns), coded, r);
            }
        }

        Code();
        yield return Step("step code and sums", Code);
        yield return Step("step errors from sums", () =>
        {
            for (int r = 0; r < Rows; r++)
                kernels.TryErrorsOfCoded<AllSums>(coded, r, scales.AsSpan(r * 32, 32), out _);
        });
        yield return Step("step INT4 search", () => kernels.FitAffine(Groups(), 4, AffineSearch.IntegerZero, scales, zeros));
        yield return Step("step lattice", () => kernels.FitLattice(Groups(), false, levels));
        yield return Step("step lattice offset", () => kernels.FitLattice(Groups(), true, levels));
    }

    private static KernelCase Step(string name, Action body) => new()
    {
        Name = name,
        Bytes = 64L * 2 * Rows * Columns,
        BytesPerParameter = 2,
        OneThread = true,
        Run = _ => Crew.Run(1, 64, () => _ => body()),
    };

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
        int rows = format.Trellis is null ? Rows : TrellisTable.TileRows;
        var layer = new PreparedLayer
        {
            Recipe = new LayerRecipe
            {
                Method = MethodNames.BaseMethod,
                Enhancement = MethodNames.None,
                Tried = [],
                Failures = [],
                IsCalibrated = false,
            },
            Format = format,
            Search = grid.Search,
        };
        int pieceRows = Math.Min(rows, WeightConverter.RowsPerPiece(Columns, layer));
        int partBytes = rows * Columns * bytes;
        bool searches = grid.Search != AffineSearch.MinMax || grid.Layout != CodeLayout.Affine;
        int parts = (int)Math.Min(source.Bytes / partBytes, searches ? 1024 * Rows / rows : int.MaxValue);
        ErrorSums Part(RowQuantizer quantizer, QuantizedBlock block, float[] weights, int part)
        {
            var measures = new RowMeasures(0);
            for (int row = 0; row < rows; row += pieceRows)
            {
                int pieceBytes = pieceRows * Columns * bytes;
                long offset = (long)part * partBytes + (long)row * Columns * bytes;
                WeightConverter.TryConvert(kernels, type, source.Slice(offset, pieceBytes), weights, out ReadOnlySpan<float> piece);
                long next = Math.Min(offset + pieceBytes, source.Bytes);
                quantizer.Quantize(piece, block, row, measures, source.Slice(next, (int)Math.Min(pieceBytes, source.Bytes - next)));
            }

            return measures.Weights;
        }

        (RowQuantizer, QuantizedBlock, float[]) New() => (
            layer.NewQuantizer(kernels), new QuantizedBlock(format, 0, rows), new float[pieceRows * Columns]);
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
                double groupBits = grid.Layout == CodeLayout.Affine ? 11.0 + bits : 16.0 * (format.ScalesPerGroup + format.LevelsPerGroup);
                return (nmse, bits + groupBits / groupSize);
            },
        };
    }
}
