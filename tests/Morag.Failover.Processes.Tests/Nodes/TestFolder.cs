namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>A temporary folder for one test.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("morag-processes-");

    public string Path => folder.FullName;

    public string Sub(string name) => folder.CreateSubdirectory(name).FullName;

    public void Dispose() => folder.Delete(recursive: true);
}
