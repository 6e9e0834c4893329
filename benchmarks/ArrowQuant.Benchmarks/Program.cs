using ArrowQuant.Benchmarks;

if (args is ["matrix", .. string[] rest]) return MatrixBenchmark.Run(rest);
Console.Error.WriteLine("usage: matrix [order] [rounds] [kernel set]");
return 2;
