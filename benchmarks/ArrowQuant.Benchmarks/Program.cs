using ArrowQuant.Benchmarks;
using BenchmarkDotNet.Running;

// matrix [order] [rounds] [kernel set]: linear algebra against the processor's peak
if (args is ["matrix", .. string[] rest]) return MatrixBenchmark.Run(rest);

// layer [order] [samples] [spatial on|off]: one large calibrated layer
if (args is ["layer", .. string[] sizes]) return await LayerBenchmark.RunAsync(sizes);

if (args is ["layer-files", .. string[] files]) return LayerBenchmark.WriteFiles(files);

// fidelity [--samples N] [--model NAME] [--out FILE]: what quantized models still do
if (args is ["fidelity", .. string[] options]) return await FidelityProgram.RunAsync(options);

// fuzz [--inputs N] [--reader R] [--seed S] [--from I]: readers against changed files
if (args is ["fuzz", .. string[] campaign]) return FuzzProgram.Run(campaign);

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
return 0;
