using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ArrowQuant.Kernels.Trellis;

/// <summary>
/// Steps a row of states by a row of codes, and looks up what the states stand for: <c>state = ((state &lt;&lt; 2) | code) mod states</c>,
/// <c>value = table[state] + 128</c>. Bytes only, so that every width gives the same.
/// </summary>
internal static unsafe class TrellisValues
{
    /// <summary>Steps <paramref name="count"/> states.</summary>
    /// <param name="table">The trellis.</param>
    /// <param name="codes">[count] codes of 0..3.</param>
    /// <param name="states">[count] states of the row before, 0 at the first row of a tile; receives those of this row.</param>
    /// <param name="values">Receives [count] values; may be <paramref name="codes"/>.</param>
    /// <param name="count">How many columns.</param>
    /// <param name="lanes">Single-precision lanes of the kernels' vectors: 1, 4, 8 or 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Step(TrellisTable table, byte* codes, byte* states, byte* values, int count, int lanes)
    {
        int i = 0;
        fixed (byte* bytes = table.Bytes)
        {
            byte mask = (byte)(table.States - 1);
            if (lanes >= 16 && table.States == 64 && Avx512Vbmi.IsSupported) i = Step512(bytes, codes, states, values, count);
            else if (lanes >= 8 && Avx2.IsSupported) i = Step256(table.States, bytes, codes, states, values, count);
            else if (lanes >= 4) i = Step128(table.States, bytes, codes, states, values, count);
            for (; i < count; i++)
            {
                states[i] = (byte)((states[i] << 2 | codes[i]) & mask);
                values[i] = bytes[states[i]];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Step512(byte* table, byte* codes, byte* states, byte* values, int count)
    {
        Vector512<byte> entries = Vector512.Load(table);
        Vector512<byte> mask = Vector512.Create((byte)63);
        int i = 0;
        for (; i + 64 <= count; i += 64)
        {
            Vector512<byte> state = Vector512.Load(states + i);
            state += state;
            state = (state + state | Vector512.Load(codes + i)) & mask;
            state.Store(states + i);
            Avx512Vbmi.PermuteVar64x8(entries, state).Store(values + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Step256(int count64, byte* table, byte* codes, byte* states, byte* values, int count)
    {
        bool large = count64 == 64;
        Vector256<byte> mask = Vector256.Create((byte)(count64 - 1));
        Vector256<byte> first = Avx2.BroadcastVector128ToVector256(table);
        Vector256<byte> second = large ? Avx2.BroadcastVector128ToVector256(table + 16) : first;
        Vector256<byte> third = large ? Avx2.BroadcastVector128ToVector256(table + 32) : first;
        Vector256<byte> fourth = large ? Avx2.BroadcastVector128ToVector256(table + 48) : first;
        int i = 0;
        for (; i + 32 <= count; i += 32)
        {
            Vector256<byte> state = Vector256.Load(states + i);
            state += state;
            state = (state + state | Vector256.Load(codes + i)) & mask;
            state.Store(states + i);
            Vector256<byte> value = Avx2.Shuffle(first, state);
            if (large)
            {
                // Shuffles take bits 0..3 of the state; bits 4 and 5, moved to the top of each byte, choose between them.
                Vector256<byte> fifthBit = (state.AsUInt16() << 3).AsByte(), sixthBit = (state.AsUInt16() << 2).AsByte();
                Vector256<byte> low = Avx2.BlendVariable(value, Avx2.Shuffle(second, state), fifthBit);
                Vector256<byte> high = Avx2.BlendVariable(Avx2.Shuffle(third, state), Avx2.Shuffle(fourth, state), fifthBit);
                value = Avx2.BlendVariable(low, high, sixthBit);
            }

            value.Store(values + i);
        }

        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Step128(int tableLength, byte* table, byte* codes, byte* states, byte* values, int count)
    {
        Vector128<byte> mask = Vector128.Create((byte)(tableLength - 1));
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            Vector128<byte> state = Vector128.Load(states + i);
            state += state;
            state = (state + state | Vector128.Load(codes + i)) & mask;
            state.Store(states + i);

            // An index beyond the sixteen of a part gives 0.
            Vector128<byte> value = Vector128<byte>.Zero;
            for (int part = 0; part < tableLength; part += 16)
                value |= Vector128.Shuffle(Vector128.Load(table + part), state - Vector128.Create((byte)part));
            value.Store(values + i);
        }

        return i;
    }
}
