using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.TestKit.Parquet;
using CsCheck;

namespace ArrowQuant.Tests.Sources.Parquet;

[Trait("Category", "Fuzz")]
public sealed class ParquetMutationTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void OpenAndRead_MutatedFile_WorksOrFailsAsForeseen(bool rust)
    {
        using OldModelFolder folder = new();
        float[] values = OldModelFolder.Weights(24);
        string file = folder.File("model.parquet");
        OldRow groups = OldRows.PythonInt8("a", [4, 6], values, 0, 4);
        OldRow halves = OldRows.RawHalf("b", [24], values, "float16", "fp16");
        if (rust) File.Move(OldParquetFixtures.WriteV2Extended(folder.Path, OldRows.RustTimeAware("w", [4, 6], values, 8, 3)), file);
        else OldParquetFixtures.WriteV2Python(file, [groups, halves]);
        byte[] valid = File.ReadAllBytes(file);
        Gen<(int At, byte Value)[]> mutations = Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Byte).Array[1, 4];

        mutations.Sample(
            edits =>
            {
                byte[] bytes = [.. valid];
                foreach ((int at, byte value) in edits) bytes[at] = value;
                File.WriteAllBytes(file, bytes);
                try
                {
                    using IModelSource source = folder.Open("model.parquet");
                    foreach (TensorInfo tensor in source.Tensors)
                    {
                        byte[] some = new byte[Math.Min(tensor.ByteLength, 4096)];
                        source.Read(tensor, 0, some);
                    }
                }
                catch (ArrowQuantException e)
                {
                    Assert.DoesNotContain('\n', e.Message);
                }
            },
            iter: 300, threads: 1);
    }
}
