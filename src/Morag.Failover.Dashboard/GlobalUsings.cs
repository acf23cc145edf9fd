global using System.Collections.Immutable;
global using System.Globalization;
global using Morag.Failover.Contracts.Ids;
global using Morag.Failover.Contracts.Wire;
