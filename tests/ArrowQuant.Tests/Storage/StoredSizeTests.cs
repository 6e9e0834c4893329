using ArrowQuant.Storage;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Storage;

public sealed class StoredSizeTests
{
    // 1,456 rows of 1,920 columns: 2.8 M weights in one layer, everything in the file counted.
    [Theory]
    [InlineData(4, CodeLayout.Affine, 4.35)]
    [InlineData(2, CodeLayout.Affine, 2.35)]
    [InlineData(2, CodeLayout.Lattice2, 2.35)]
    [InlineData(2, CodeLayout.Lattice3, 2.52)]
    public void Complete_OneLayer_StaysWithinStoredBitsPerWeight(int bits, CodeLayout layout, double limit) =>
        Assert.InRange(BitsPerWeight(bits, layout, layers: 1, rows: 1456, columns: 1920), bits, limit - 0.08);

    // The same weights in 40 layers, as in a small transformer: names, hashes and figures of each must not matter either.
    [Theory]
    [InlineData(4, CodeLayout.Affine, 4.35)]
    [InlineData(2, CodeLayout.Affine, 2.35)]
    [InlineData(2, CodeLayout.Lattice2, 2.35)]
    [InlineData(2, CodeLayout.Lattice3, 2.52)]
    public void Complete_FortyLayers_StaysWithinStoredBitsPerWeight(int bits, CodeLayout layout, double limit) =>
        Assert.InRange(BitsPerWeight(bits, layout, layers: 40, rows: 364, columns: 192), bits, limit - 0.02);

    private static double BitsPerWeight(int bits, CodeLayout layout, int layers, int rows, int columns)
    {
        using StorageFolder folder = new();
        QuantizedFormat format = StorageSamples.Format(bits, layout, columns, 128);
        ShardFile file = StorageSamples.WriteArtefact(folder.Path, writer =>
        {
            for (int i = 0; i < layers; i++)
            {
                QuantizedBlock block = StorageSamples.Block(format, 0, rows, i);
                LayerHeader header = StorageSamples.Layer($"blocks.{i}.mlp.fc1.weight", [rows, columns], format);
                writer.WriteBlock(header, block, StorageSamples.Hash(header.LayerName), 0.99 + 0.0001 * i, 0.01 / (i + 1));
            }
        });
        double bitsPerWeight = file.Bytes * 8.0 / ((long)layers * rows * columns);
        TestContext.Current.TestOutputHelper?.WriteLine($"{layers} layers, {bits} bits, {layout}: {bitsPerWeight:F4} bits per weight");
        return bitsPerWeight;
    }
}
