using Morag.Benchmarks.Reporting;
using Morag.Persistence.Redis.Benchmarks.Scenarios;

return await ScenarioProgram.RunAsync(
    args,
    new OneWriter(),
    new ManyWriters(100),
    new ManyWriters(1000),
    new BatchWriters(),
    new RecoveryOfOne(),
    new RecoveryOfMany(),
    new Snapshots());
