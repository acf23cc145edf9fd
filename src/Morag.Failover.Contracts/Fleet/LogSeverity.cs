namespace Morag.Failover.Contracts.Fleet;

/// <summary>The severity of an entry in a node's log, and the level from which on entries are logged.</summary>
public enum LogSeverity
{
    /// <summary>For the investigation of a problem.</summary>
    Debug = 0,

    /// <summary>What the node does.</summary>
    Info = 1,

    /// <summary>What an operator should know.</summary>
    Warning = 2,

    /// <summary>What failed.</summary>
    Error = 3,
}
