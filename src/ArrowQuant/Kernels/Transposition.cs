using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ArrowQuant.Kernels;

/// <summary>Lays runs of values side by side: value i of run r becomes <c>target[i * stride + r]</c>.</summary>
internal static unsafe class Transposition
{
    private const int Block = 4;

    /// <summary>Moves values; no arithmetic is done on them.</summary>
    /// <param name="sources">Where the runs begin.</param>
    /// <param name="runs">How many.</param>
    /// <param name="length">Values of a run.</param>
    /// <param name="target">[length, stride].</param>
    /// <param name="stride">Values between one place and the next, at least <paramref name="runs"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Move(float** sources, int runs, int length, float* target, int stride)
    {
        int wholeRuns = Sse.IsSupported ? runs / Block * Block : 0;
        int wholeLength = length / Block * Block;
        for (int r = 0; r < wholeRuns; r += Block)
        {
            for (int i = 0; i < wholeLength; i += Block) MoveBlock(sources + r, i, target + (nint)i * stride + r, stride);
        }

        for (int r = 0; r < runs; r++)
        {
            for (int i = r < wholeRuns ? wholeLength : 0; i < length; i++) target[(nint)i * stride + r] = sources[r][i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MoveBlock(float** sources, int offset, float* target, nint stride)
    {
        Vector128<float> a = Vector128.Load(sources[0] + offset), b = Vector128.Load(sources[1] + offset);
        Vector128<float> c = Vector128.Load(sources[2] + offset), d = Vector128.Load(sources[3] + offset);
        Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d);
        Vector128<float> abHigh = Sse.UnpackHigh(a, b), cdHigh = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(ab, cd).Store(target);
        Sse.MoveHighToLow(cd, ab).Store(target + stride);
        Sse.MoveLowToHigh(abHigh, cdHigh).Store(target + 2 * stride);
        Sse.MoveHighToLow(cdHigh, abHigh).Store(target + 3 * stride);
    }
}
