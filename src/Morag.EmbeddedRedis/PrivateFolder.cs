namespace Morag.EmbeddedRedis;

/// <summary>Folders that only the user of this process can enter.</summary>
internal static class PrivateFolder
{
    private const UnixFileMode OnlyUser = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates the folder. An existing one keeps its permissions. On Windows, a new one inherits those of its parent.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OnlyUser);
        }
    }

    /// <summary>Creates the folder, and removes everybody else's permissions from an existing one.</summary>
    public static void CreateOrRestrict(string path)
    {
        Create(path);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, OnlyUser);
        }
    }
}
