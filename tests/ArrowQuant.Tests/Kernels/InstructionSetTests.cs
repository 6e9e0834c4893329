using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using ArrowQuant.Kernels;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Kernels.Products;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Kernels;

/// <summary>The same bytes where the processor has less: this test program runs again with instruction sets really switched off.</summary>
public sealed class InstructionSetTests
{
    private const string Expected = "ARROW_QUANT_TEST_DIGEST";
    private const string WithoutBytePermutations = "DOTNET_EnableAVX512v2";
    private const string Present = "ARROW_QUANT_TEST_PRESENT";

    private static readonly (int Bits, AffineSearch Search)[] Searches =
        [(2, AffineSearch.FreeZero), (4, AffineSearch.IntegerZero), (8, AffineSearch.MinMax)];

    [Theory]
    [InlineData(WithoutBytePermutations, "avx512 v512")]
    [InlineData("DOTNET_EnableAVX512", "avx2 v256")]
    [InlineData("DOTNET_EnableAVX2", "v128")]
    [InlineData("DOTNET_EnableHWIntrinsic", "scalar")]
    public async Task Kernels_WithInstructionSetsOff_GiveTheSameBytes(string switchedOff, string present)
    {
        Assert.SkipUnless(Avx2.IsSupported, "the processor has none of the instruction sets that are switched off here");
        Assert.SkipWhen(switchedOff == WithoutBytePermutations && !Avx512Vbmi.IsSupported, "the processor has no permutations of bytes");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        string test = $"*{nameof(Kernels_HereAndNow_GiveTheBytesOfTheDefinition)}";
        foreach (string argument in new[] { typeof(InstructionSetTests).Assembly.Location, "--filter-method", test })
            start.ArgumentList.Add(argument);
        start.Environment[switchedOff] = "0";
        start.Environment[Expected] = Digest(KernelSet.Create(null));
        start.Environment[Present] = present;
        using Process child = Process.Start(start)!;
        string output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode == 0 && output.Contains("succeeded: 1", StringComparison.Ordinal), output);
    }

    [Fact]
    public void Kernels_HereAndNow_GiveTheBytesOfTheDefinition()
    {
        if (Environment.GetEnvironmentVariable(Present) is { } present) Assert.Equal(present, InstructionSets());
        string digest = Digest(KernelSet.Create("scalar"));
        Assert.Equal(Environment.GetEnvironmentVariable(Expected) ?? digest, digest);
        Assert.Equal(digest, Digest(KernelSet.Create(null)));
    }

    // What is left of the processor, widest first.
    private static string InstructionSets() =>
        Vector512.IsHardwareAccelerated ? Avx512Vbmi.IsSupported ? "avx512vbmi v512" : "avx512 v512"
        : Avx2.IsSupported ? "avx2 v256"
        : Vector256.IsHardwareAccelerated ? "v256"
        : Vector128.IsHardwareAccelerated ? "v128" : "scalar";

    private static string Digest(KernelSet kernels)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        const int Columns = 337;
        byte[] half = new byte[2 * 8 * Columns];
        float[] values = new SeededNumbers(21).Gaussian(8 * Columns, 0.02);
        for (int i = 0; i < values.Length; i++) BitConverter.TryWriteBytes(half.AsSpan(2 * i), (Half)values[i]);
        float[] weights = new float[values.Length];
        kernels.ToSingle(FloatFormat.Half, half, weights);
        Append(hash, weights);
        foreach (int groupSize in new[] { 32, 64, 128, 256 })
        {
            var rows = new GroupRows(weights, Columns, groupSize);
            float[] scales = new float[8 * rows.GroupsPerRow];
            float[] zeros = new float[scales.Length];
            float[] levels = new float[3 * scales.Length];
            kernels.FitLattice(rows, true, levels);
            Append(hash, levels);
            foreach ((int bits, AffineSearch search) in Searches)
            {
                kernels.FitAffine(rows, bits, search, scales, zeros);
                Append(hash, scales);
                Append(hash, zeros);
                byte[] codes = new byte[Columns];
                byte[] packed = new byte[Codes.PackedLength(Columns, bits)];
                kernels.EncodeAffine(weights.AsSpan(0, Columns), scales[0], zeros[0], bits, codes);
                Codes.Pack(codes, bits, packed);
                hash.AppendData(packed);
                ErrorSums sums = default;
                kernels.AddAffineErrors(
                    weights.AsSpan(0, Columns), codes, groupSize,
                    scales.AsSpan(0, rows.GroupsPerRow), zeros.AsSpan(0, rows.GroupsPerRow), bits, ref sums);
                Append(hash, [sums.Product, sums.Original, sums.Decoded, sums.Error, sums.LargestError]);
                Append(hash, new PackedCase(bits, CodeLayout.Affine, Columns, groupSize, 3, 2).Multiply(kernels));
            }

            Append(hash, new PackedCase(2, CodeLayout.Lattice3, Columns, groupSize, 3, 2).Multiply(kernels));
            Append(hash, new PackedCase(2, CodeLayout.Trellis6, Columns, groupSize, 5, 1).Multiply(kernels));
            Append(hash, new PackedCase(2, CodeLayout.Trellis4, Columns, groupSize, 5, 2).Multiply(kernels));
        }

        float[] outputs = new float[8 * 8];
        kernels.Algebra.MatMulTransposed(weights, weights, outputs, 8, Columns, 8);
        Append(hash, outputs);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Append<T>(IncrementalHash hash, ReadOnlySpan<T> values)
        where T : unmanaged => hash.AppendData(MemoryMarshal.AsBytes(values));
}
