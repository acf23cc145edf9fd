namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>The settings of the tested nodes.</summary>
internal static class TestConfig
{
    /// <summary>The value of <c>morag.failover.workers.timeout</c>.</summary>
    public static readonly TimeSpan WorkerTimeout = TimeSpan.FromSeconds(5);

    public static string Text { get; } = Read();

    private static string Read()
    {
        using var reader = new StreamReader(typeof(TestConfig).Assembly.GetManifestResourceStream("test.conf")!);
        return reader.ReadToEnd();
    }
}
