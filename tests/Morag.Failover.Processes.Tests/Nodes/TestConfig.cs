namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>The settings of the nodes that are tested.</summary>
internal static class TestConfig
{
    /// <summary>As <c>morag.failover.workers.timeout</c> in it.</summary>
    public static readonly TimeSpan WorkerTimeout = TimeSpan.FromSeconds(5);

    public static string Text { get; } = Read();

    private static string Read()
    {
        using var reader = new StreamReader(typeof(TestConfig).Assembly.GetManifestResourceStream("test.conf")!);
        return reader.ReadToEnd();
    }
}
