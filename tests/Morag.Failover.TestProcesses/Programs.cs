using System.Reflection;

namespace Morag.Failover.TestProcesses;

/// <summary>The paths of the programs that the build created.</summary>
public static class Programs
{
    /// <summary>The node.</summary>
    public static string Node { get; } = Find("Morag.Failover.Node");

    /// <summary>The command line, which includes the worker agent.</summary>
    public static string Morag { get; } = Find("morag");

    /// <summary>The sample that submits tasks and works on them.</summary>
    public static string SampleQuickstart { get; } = Find("Morag.Samples.Quickstart");

    /// <summary>The sample worker.</summary>
    public static string SampleWorker { get; } = Find("Morag.Samples.Worker");

    /// <summary>The sample cluster client.</summary>
    public static string SampleClusterClient { get; } = Find("Morag.Samples.ClusterClient");

    /// <summary>The sample that uses only the journal.</summary>
    public static string SampleJournal { get; } = Find("Morag.Samples.Journal");

    private static string Find(string name) =>
        typeof(Programs).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == name).Value
        ?? throw new InvalidOperationException($"The build did not record the path of {name}");
}
