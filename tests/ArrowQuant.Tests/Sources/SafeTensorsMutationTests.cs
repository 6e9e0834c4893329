using ArrowQuant.Errors;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using ArrowQuant.Tests.Support;
using CsCheck;

namespace ArrowQuant.Tests.Sources;

[Trait("Category", "Fuzz")]
public sealed class SafeTensorsMutationTests
{
    private static readonly byte[] Valid = new SafeTensorsBuilder()
        .Metadata("format", "pt")
        .Add("a.weight", ElementType.F16, 3, 5)
        .Add("b", ElementType.F32)
        .Add("c.weight", ElementType.F8E5M2, 0, 4)
        .Add("d.weight", ElementType.BF16, 2, 2, 2)
        .Build();

    [Fact]
    public void Open_MutatedFile_ReadsCleanlyOrSaysWhatIsWrong()
    {
        using ModelFiles files = new();
        string path = files.PathOf("model.safetensors");
        Gen<(int Place, byte Value)> change = Gen.Select(Gen.Int[0, Valid.Length - 1], Gen.Byte, (place, value) => (place, value));
        Gen<byte[]> mutated = Gen.Select(change.List[1, 3], Gen.Int[0, Valid.Length], Gen.Int[0, 4], (changes, cut, chance) =>
        {
            byte[] file = (byte[])Valid.Clone();
            foreach ((int place, byte value) in changes) file[place] = value;
            return chance == 0 ? file[..cut] : file;
        });
        int opened = 0;
        int refused = 0;
        mutated.Sample(
            content =>
            {
                File.WriteAllBytes(path, content);
                try
                {
                    using IModelSource source = ModelSource.Open(path);
                    foreach (TensorInfo tensor in source.Tensors) source.Read(tensor, 0, new byte[tensor.ByteLength]);
                    opened++;
                }
                catch (ArrowQuantException e)
                {
                    refused++;
                    Assert.DoesNotContain('\n', e.Message);
                    Assert.True(e.Message.Length < 2000, e.Message);
                    Assert.Equal(path, e.FilePath);
                }
            },
            iter: 1000,
            threads: 1);
        Assert.True(opened > 5, $"only {opened} opened");
        Assert.True(refused > 200, $"only {refused} refused");
    }
}
