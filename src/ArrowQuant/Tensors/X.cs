namespace ArrowQuant.Tensors; internal static class X;
