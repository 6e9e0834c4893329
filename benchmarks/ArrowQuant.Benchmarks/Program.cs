using ArrowQuant.Benchmarks;

if (args is ["matrix", .. string[] rest]) return MatrixBenchmark.Run(rest);
if (args is ["fidelity", .. string[] options]) return await FidelityProgram.RunAsync(options);
Console.Error.WriteLine("usage: matrix [order] [rounds] [kernel set]");
return 2;
