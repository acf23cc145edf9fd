using Morag.Failover.Benchmarks.Reporting;

namespace Morag.Failover.Benchmarks.Scenarios;

/// <summary>One thing that is measured, on real processes of its own.</summary>
internal interface IScenario
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>Measures, and hands over what it found; also the raw speed of the Redis that it used.</summary>
    Task MeasureAsync(Measurement measurement);
}
