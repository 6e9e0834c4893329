using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

public sealed class HessianCacheTests
{
    private static readonly HadamardRotation Rotation = new(1, new GroupLayout(64, 64));
    private static readonly HessianKey Key = new(7, true, 64, null);

    [Fact]
    public void Share_EqualKeys_CreatesOnceWhileTheFactorIsHeld()
    {
        HessianCache cache = new();
        int created = 0;
        HessianFactor first = cache.Share(Key, () => Count(ref created))!;
        GC.Collect();
        Assert.Same(first, cache.Share(Key, () => Count(ref created)));
        Assert.Same(first, cache.Share(Key, () => Count(ref created)));
        Assert.Equal(1, created);
    }

    [Fact]
    public void Share_OtherInputsWeightingOrBlocks_CreatesAnother()
    {
        HessianCache cache = new();
        int created = 0;
        HessianKey[] keys =
        [
            Key, Key with { Input = 8 }, Key with { Balanced = false }, Key with { BlockColumns = 32 },
            Key with { Rotation = Rotation },
        ];
        HessianFactor?[] held = [.. keys.Select(key => cache.Share(key, () => Count(ref created)))];
        Assert.Equal(5, held.Distinct().Count());
        Assert.Equal(5, created);
    }

    [Fact]
    public async Task Share_FromManyThreads_CreatesOnce()
    {
        HessianCache cache = new();
        int created = 0;
        HessianFactor?[] shared =
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => cache.Share(Key, () => Count(ref created)))));
        Assert.Equal(1, created);
        Assert.All(shared, factor => Assert.Same(shared[0], factor));
    }

    [Fact]
    public void Share_NoFactor_IsAskedForAgain()
    {
        HessianCache cache = new();
        int created = 0;
        Assert.Null(cache.Share(Key, () => null));
        Assert.NotNull(cache.Share(Key, () => Count(ref created)));
    }

    [Fact]
    public void Prepare_LayersWithEqualInputs_ShareOneFactorAndOthersDoNot()
    {
        HessianCache cache = new();
        ActivationSamples inputs = Inputs.Pooled(Inputs.Correlated(400, 64, 3, 1), 64);
        ActivationSamples others = Inputs.Pooled(Inputs.Correlated(400, 64, 3, 2), 64);
        Strategy strategy = new(MethodNames.Gptq, MethodNames.None);
        using PreparedLayer query = Layer(inputs, 3).Prepare();
        using PreparedLayer key = Layer(inputs, 4).Prepare();
        using PreparedLayer value = Layer(inputs, 5).Prepare();
        using PreparedLayer output = Layer(others, 6).Prepare();
        Assert.NotNull(query.Hessian);
        Assert.Same(query.Hessian, key.Hessian);
        Assert.Same(query.Hessian, value.Hessian);
        Assert.NotSame(query.Hessian, output.Hessian);

        LayerFixture Layer(ActivationSamples of, ulong seed) =>
            new(new SeededNumbers(seed).Gaussian(16 * 64, 0.02), of) { Hessians = cache, Strategy = strategy };
    }

    private static HessianFactor? Count(ref int created)
    {
        Interlocked.Increment(ref created);
        return HessianFactor.TryCreate(KernelSet.Create(null), Inputs.Whitened(8), 8, false, 1);
    }
}
